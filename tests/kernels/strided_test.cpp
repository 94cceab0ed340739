// Elementwise kernels over large transposed and strided operands, which are copied tile by tile.
#include <tenon/kernels/elementwise.h>

#include <algorithm>
#include <array>
#include <random>

#include "oracle.h"
#include "support.h"

namespace {

using namespace tenon;
using namespace tenon::kernels;
using test::Kind;

}  // namespace

TEST_CASE("elementwise: transposed copies, in place, empty and split over threads",
    "[kernels][elementwise][grids]") {
  const std::int64_t rows = 170, columns = 231;
  const auto a = test::noise<float>(rows * columns, Kind::special, 1);
  const Strides across = {1, rows};
  test::Vector<float> expected;
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j) expected.push_back(a[static_cast<std::size_t>(j * rows + i)]);
  const auto wide = test::noise<float>(2 * rows * columns, Kind::special, 3);
  const auto large = test::noise<float>(200003, Kind::special, 2);
  test::Vector<float> squares, sines;
  for (const float x : large) squares.push_back(x * x), sines.push_back(num::sin(x));
  test::on_every_build([&] {
    test::Vector<float> out(expected.size());
    copy(test::stream(), DType::float32, DType::float32, {rows, columns}, out.data(), {a.data(), across});
    test::require_same(expected, out);
    copy(test::stream(), DType::float32, DType::float32, {rows, columns}, {out.data(), across},
        {a.data(), across});
    test::require_same(a, out);
    for (const Strides& steps :
        {Strides{2, 2 * rows}, Strides{-1, rows}}) {  // between neighbours, and backwards
      const float* const from = wide.data() + (steps[0] < 0 ? rows - 1 : 0);
      copy(test::stream(), DType::float32, DType::float32, {rows, columns}, out.data(), {from, steps});
      for (std::int64_t i = 0; i < rows; ++i)
        for (std::int64_t j = 0; j < columns; ++j)
          REQUIRE(std::bit_cast<std::uint32_t>(out[static_cast<std::size_t>(i * columns + j)]) ==
                  std::bit_cast<std::uint32_t>(from[i * steps[0] + j * steps[1]]));
    }
    test::Vector<float> in_place = large;
    unary(test::stream(), arith::Square(), DType::float32, {200003}, in_place.data(), in_place.data());
    test::require_same(squares, in_place);
    in_place = large;
    unary(test::stream(), arith::Sin(), DType::float32, {200003}, in_place.data(), in_place.data());
    test::require_same(sines, in_place);
    unary(test::stream(), arith::Exp(), DType::float32, {3, 0}, static_cast<void*>(nullptr),
        static_cast<const void*>(nullptr));
    const Strides none = {0, 1};
    binary(test::stream(), arith::Add(), DType::float32, {3, 0}, {out.data(), none}, a.data(), 1.0);
  });
}

namespace {

/// Strides of an operand whose dimensions lie in memory in the order of a permutation, `gap` elements apart.
Strides permuted(const Shape& sizes, const std::array<int, 3>& order, std::int64_t gap) {
  Strides steps = sizes;
  std::int64_t step = gap;
  for (const int i : order) {
    steps[i] = step;
    step *= sizes[i];
  }
  return steps;
}

template <class T>
void every_order(std::uint32_t seed) {
  const Shape sizes = test::on_cuda() ? Shape{5, 9, 40} : Shape{3, 40, 140};
  const auto n = static_cast<std::size_t>(sizes.numel());
  const auto draw = [&](std::uint32_t more) {
    if constexpr (std::is_floating_point_v<T>) {
      return test::noise<T>(static_cast<std::int64_t>(3 * n), Kind::special, seed + more);
    } else {
      std::mt19937_64 random(seed + more);
      test::Vector<T> v(3 * n);
      for (T& x : v) x = static_cast<T>(random());
      return v;
    }
  };
  const auto a = draw(0), b = draw(1);
  test::Vector<std::uint8_t> choices(3 * n);
  for (std::size_t i = 0; i < choices.size(); ++i) choices[i] = i * 7 % 5 < 2;
  std::array<int, 3> left = {0, 1, 2};
  do {
    std::array<int, 3> right = {0, 1, 2};
    do {
      const Strides steps = permuted(sizes, left, 1), others = permuted(sizes, right, 3);
      const auto at = [&](const auto& values, const Strides& strides, std::size_t i) {
        return values[static_cast<std::size_t>(test::offset(sizes, strides, static_cast<std::int64_t>(i)))];
      };
      test::Vector<T> sums(n), chosen(n);
      test::Vector<std::uint8_t> less(n);
      for (std::size_t i = 0; i < n; ++i) {
        const T x = at(a, steps, i), y = at(b, others, i);
        sums[i] = arith::Add()(x, y);
        less[i] = arith::Lt()(x, y);
        chosen[i] = at(choices, others, i) ? x : y;
      }
      CAPTURE(left, right);
      test::on_every_build([&] {
        const DType dtype = dtype_of<T>;
        test::require_same(sums, test::written<T>(n, [&](T* out) {
          binary(test::stream(), arith::Add(), dtype, sizes, out, {a.data(), steps}, {b.data(), others});
        }));
        REQUIRE(less == test::written<std::uint8_t>(n, [&](std::uint8_t* out) {
          compare(test::stream(), arith::Lt(), dtype, sizes, out, {a.data(), steps}, {b.data(), others});
        }));
        test::require_same(chosen, test::written<T>(n, [&](T* out) {
          where(test::stream(), dtype, sizes, out, {choices.data(), others}, {a.data(), steps},
              {b.data(), others});
        }));
      });
    } while (std::next_permutation(right.begin(), right.end()));
  } while (std::next_permutation(left.begin(), left.end()));
}

}  // namespace

TEST_CASE("elementwise: operands in every order of their dimensions", "[kernels][elementwise][one_thread]") {
  every_order<float>(1);
  every_order<double>(2);
  every_order<std::int64_t>(3);
}

namespace {

/// out[o, i, j] = a[o, j, i], with gaps between the rows of both, and from an address that is `shift`
/// elements past an aligned one.
template <class T>
void turned_copies(DType dtype) {
  for (const auto& [rows, columns] : {std::pair{68, 132}, {8, 64}, {100, 12}, {67, 132}, {68, 130}, {66, 34}})
    for (const std::int64_t gap : {0, 4, 1})
      for (const std::int64_t shift : {0, 1}) {
        CAPTURE(rows, columns, gap, shift, dtype);
        const std::int64_t a_step = rows + gap, out_step = columns + gap;
        const Strides from{columns * a_step, 1, a_step}, to{rows * out_step, out_step, 1};
        std::mt19937 random(1);
        test::Vector<T> a(static_cast<std::size_t>(2 * columns * a_step + shift)),
            before(static_cast<std::size_t>(2 * rows * out_step + shift), T(1));
        for (T& x : a) x = static_cast<T>(random() % 2);
        test::Vector<T> expected = before;
        for (std::int64_t o = 0; o < 2; ++o)
          for (std::int64_t i = 0; i < rows; ++i)
            for (std::int64_t j = 0; j < columns; ++j)
              expected[static_cast<std::size_t>(o * to[0] + i * to[1] + j + shift)] =
                  a[static_cast<std::size_t>(o * from[0] + j * from[2] + i + shift)];
        test::on_every_build([&] {
          test::Vector<T> out = before;
          copy(test::stream(), dtype, dtype, {2, rows, columns}, {out.data() + shift, to},
              {a.data() + shift, from});
          test::require_same(expected, out);
        });
      }
}

}  // namespace

TEST_CASE(
    "elementwise: transposed copies of every element size", "[kernels][elementwise][grids][one_thread]") {
  turned_copies<std::uint8_t>(DType::boolean);
  turned_copies<float>(DType::float32);
  turned_copies<double>(DType::float64);
  turned_copies<std::int64_t>(DType::int64);
}
