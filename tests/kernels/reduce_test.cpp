// Reductions against the definition, bit for bit: every mask of dimensions, every kind of stride, all builds.
#include <tenon/kernels/reduce.h>

#include <cmath>

#include "oracle.h"
#include "support.h"

namespace {

using namespace tenon;
using kernels::Operand;
using test::Kind;

template <class T>
struct Source {
  const T* data;
  Strides strides;
};

/// Reduces to `out` over the kept dimensions, straight from the definition.
template <class T>
test::Vector<T> want(arith::ReduceOp op, const Shape& shape, std::uint32_t dims, const Source<T>& a,
    const Source<T>& b, double divisor) {
  Shape kept, gone;
  Strides kept_steps[2], gone_steps[2];
  for (int i = 0; i < shape.rank(); ++i) {
    const bool reduced = dims >> i & 1;
    (reduced ? gone : kept).push_back(shape[i]);
    (reduced ? gone_steps : kept_steps)[0].push_back(a.strides[i]);
    (reduced ? gone_steps : kept_steps)[1].push_back(b.strides[i]);
  }
  test::Vector<T> out;
  for (std::int64_t i = 0; i < kept.numel(); ++i) {
    const T* const x = a.data + test::offset(kept, kept_steps[0], i);
    const T* const y = b.data + test::offset(kept, kept_steps[1], i);
    const T result = test::reduced(op, gone, x, gone_steps[0], y, gone_steps[1]);
    out.push_back(divisor == 1 ? result : result / static_cast<T>(divisor));
  }
  return out;
}

template <class T>
test::Vector<T> reduce(
    arith::ReduceOp op, const Shape& shape, std::uint32_t dims, Operand a, Operand b, double divisor) {
  std::int64_t outputs = 1;
  for (int i = 0; i < shape.rank(); ++i)
    if (!(dims >> i & 1)) outputs *= shape[i];
  return test::written<T>(static_cast<std::size_t>(outputs),
      [&](T* out) { kernels::reduce(test::stream(), op, dtype_of<T>, shape, dims, out, a, b, divisor); });
}

constexpr auto ops = arith::ReduceOps::map<arith::ReduceOp>([]<class Op>() { return arith::ReduceOp(Op()); });

template <class T>
void lines() {
  for (const std::int64_t n : {0, 1, 2, 5, 15, 16, 17, 63, 64, 65, 127, 128, 129, 200, 500, 1000, 1023, 1024,
           1025, 2048, 5000, 70003})
    for (const Kind kind : test::kinds) {
      const auto a = test::noise<T>(n, kind, 1), b = test::noise<T>(n, kind, 2);
      for (const arith::ReduceOp op : ops.of) {
        CAPTURE(n, static_cast<int>(kind), op.index);
        const auto expected = want<T>(op, {n}, 1, {a.data(), {1}}, {b.data(), {1}}, 3);
        test::on_every_build(
            [&] { test::require_same(expected, reduce<T>(op, {n}, 1, a.data(), b.data(), 3)); });
      }
    }
}

template <class T>
void masks() {
  const Shape shapes[] = {{}, {3, 1, 5}, {2, 3, 4, 5}, {300, 7}, {7, 300}, {1100, 3}, {3, 1100, 2},
      {2, 130, 33}, {40, 530}, {4, 0, 3}};
  for (const Shape& shape : shapes) {
    if (test::on_cuda() && !test::thorough && shape.numel() > 1000) continue;
    const int rank = shape.rank();
    // dense, transposed, repeated along the second dimension, strided, and reversed along the first
    test::Vector<Source<T>> sources;
    const auto values = test::noise<T>(2 * shape.numel() + 10, Kind::wide, 1);
    const Strides dense = contiguous_strides(shape);
    sources.push_back({values.data(), dense});
    Strides turned = dense, doubled = dense, repeated = dense, backwards = dense;
    std::int64_t step = 1;
    for (int i = 0; i < rank; ++i) {
      turned[i] = step;
      step *= std::max<std::int64_t>(shape[i], 1);
      doubled[i] *= 2;
    }
    sources.push_back({values.data(), turned});
    sources.push_back({values.data(), doubled});
    if (rank > 1) {
      repeated[1] = 0;
      sources.push_back({values.data(), repeated});
      backwards[0] = -backwards[0];
      sources.push_back({values.data() + std::max<std::int64_t>(0, shape[0] - 1) * dense[0], backwards});
    }
    for (std::uint32_t dims = 0; dims < 1u << rank; ++dims)
      for (std::size_t i = 0; i < sources.size(); ++i) {
        const Source<T>&a = sources[i], &b = sources[(i + dims) % sources.size()];
        const arith::ReduceOp op = ops[static_cast<int>((2 * i + dims) % arith::ReduceOps::size)];
        CAPTURE(to_string(shape), dims, i, op.index);
        const double divisor = dims % 2 ? 7 : 1;
        const auto expected = want<T>(op, shape, dims, a, b, divisor);
        test::on_every_build([&] {
          test::require_same(
              expected, reduce<T>(op, shape, dims, {a.data, a.strides}, {b.data, b.strides}, divisor));
        });
      }
  }
}

}  // namespace

TEST_CASE("reduce: lines of every length, float32", "[kernels][reduce][grids]") { lines<float>(); }
TEST_CASE("reduce: lines of every length, float64", "[kernels][reduce]") { lines<double>(); }
TEST_CASE("reduce: any dimensions of any layout, float32", "[kernels][reduce][grids]") { masks<float>(); }
TEST_CASE("reduce: any dimensions of any layout, float64", "[kernels][reduce]") { masks<double>(); }

TEST_CASE("reduce: dimensions that do not merge, of more elements than are collected at once",
    "[kernels][reduce][grids]") {
  struct Case {
    Shape shape;
    Strides strides;
    std::uint32_t dims;
  };
  const std::int64_t n = test::on_cuda() && !test::thorough ? 50 : 1000;
  const Case cases[] = {{{40, 3, n}, {3 * n, n, 1}, 0b101},         // two dimensions around one that stays
      {{n, 3, 40}, {120, 40, 1}, 0b101}, {{90, n}, {1, 90}, 0b11},  // transposed
      {{n, 90}, {181, 2}, 0b11}, {{2, n, 70}, {1, 140, 2}, 0b110}};
  for (const auto& [shape, strides, dims] : cases) {
    std::int64_t last = 0;
    for (int i = 0; i < shape.rank(); ++i) last += (shape[i] - 1) * strides[i];
    const auto a = test::noise<float>(last + 1, Kind::wide, 1),
               b = test::noise<float>(last + 1, Kind::ordinary, 2);
    for (const arith::ReduceOp op : ops.of) {
      CAPTURE(to_string(shape), dims, op.index);
      const auto expected = want<float>(op, shape, dims, {a.data(), strides}, {b.data(), strides}, 1);
      test::on_every_build([&] {
        test::require_same(
            expected, reduce<float>(op, shape, dims, {a.data(), strides}, {b.data(), strides}, 1));
      });
    }
  }
}

TEST_CASE("reduce: three levels of chunks, along and across", "[kernels][reduce][grids]") {
  const std::int64_t n = test::on_cuda() && !test::thorough ? 1100 : 1100000;
  const auto a = test::noise<float>(n * 3, Kind::wide, 1), b = test::noise<float>(n, Kind::ordinary, 2);
  for (const arith::ReduceOp op : ops.of) {
    const auto expected = want<float>(op, {n}, 1, {a.data(), {1}}, {b.data(), {1}}, 1);
    test::on_every_build(
        [&] { test::require_same(expected, reduce<float>(op, {n}, 1, a.data(), b.data(), 1)); });
  }
  const Strides across = {3, 1}, stepping = {3, 3};
  const auto columns = want<float>(arith::Sum(), {n, 3}, 1, {a.data(), across}, {a.data(), across}, 1);
  const auto steps = want<float>(arith::Sum(), {n, 1}, 1, {a.data(), stepping}, {a.data(), stepping}, 1);
  test::on_every_build([&] {
    test::require_same(columns, reduce<float>(arith::Sum(), {n, 3}, 1, {a.data(), across}, a.data(), 1));
    test::require_same(steps, reduce<float>(arith::Sum(), {n, 1}, 1, {a.data(), stepping}, a.data(), 1));
  });
}

TEST_CASE("reduce: many outputs of several chunks, along and across", "[kernels][reduce][grids]") {
  const std::int64_t n = 2 * 1024 + 100;
  for (const std::int64_t outputs : {20, 36, 70}) {
    const auto a = test::noise<float>(n * outputs, Kind::wide, 1),
               b = test::noise<float>(n * outputs, Kind::ordinary, 2);
    const Shape shape = {outputs, n};
    for (const Strides& steps : {Strides{n, 1}, Strides{1, outputs}})
      for (const Strides& others : {steps, Strides{0, 1}})
        for (const arith::ReduceOp op :
            {arith::ReduceOp(arith::Sum()), arith::ReduceOp(arith::SumOfProducts())}) {
          CAPTURE(outputs, steps, others, op.index);
          const auto expected = want<float>(op, shape, 0b10, {a.data(), steps}, {b.data(), others}, 1);
          test::on_every_build([&] {
            test::require_same(
                expected, reduce<float>(op, shape, 0b10, {a.data(), steps}, {b.data(), others}, 1));
          });
        }
  }
}

TEST_CASE("reduce: many columns of a few rows", "[kernels][reduce][grids]") {
  for (const std::int64_t n : {1, 5, 16, 17})
    for (const std::int64_t width : {4, 260, 130}) {
      const auto a = test::noise<float>(n * width, Kind::wide, 1),
                 b = test::noise<float>(n * width, Kind::ordinary, 2);
      const Strides across = {width, 1};
      for (const Strides& others : {across, Strides{1, 0}})
        for (const arith::ReduceOp op : ops.of) {
          CAPTURE(n, width, others, op.index);
          const auto expected = want<float>(op, {n, width}, 0b01, {a.data(), across}, {b.data(), others}, 1);
          test::on_every_build([&] {
            test::require_same(
                expected, reduce<float>(op, {n, width}, 0b01, {a.data(), across}, {b.data(), others}, 1));
          });
        }
    }
}

TEST_CASE("reduce: a scalar as an operand", "[kernels][reduce]") {
  const auto a = test::noise<float>(3000, Kind::ordinary, 1);
  const float half = 0.5f;
  const auto expected =
      want<float>(arith::SumOfSquaredDifferences(), {3000}, 1, {a.data(), {1}}, {&half, {0}}, 3000);
  const auto both = want<float>(arith::SumOfProducts(), {3000}, 1, {&half, {0}}, {&half, {0}}, 1);
  test::on_every_build([&] {
    test::require_same(
        expected, reduce<float>(arith::SumOfSquaredDifferences(), {3000}, 1, a.data(), 0.5, 3000));
    test::require_same(both, reduce<float>(arith::SumOfProducts(), {3000}, 1, 0.5, 0.5, 1));
  });
}

TEST_CASE("reduce: a sum starts from +0 and is never -0", "[kernels][reduce]") {
  const test::Vector<float> zeros(2000, -0.0f);
  for (const std::int64_t n : {1, 16, 100, 2000})
    test::on_every_build([&] {
      test::require_same<float>({0.0f}, reduce<float>(arith::Sum(), {n}, 1, zeros.data(), zeros.data(), 1));
    });
}

TEST_CASE("reduce: the maximum of negative numbers, of zeros and with NaN", "[kernels][reduce]") {
  // Padding of a vector or a warp must not win: along, across, and across with a step.
  for (const std::int64_t n : {1, 3, 17, 130, 1030, 2050}) {
    const test::Vector<float> negative(static_cast<std::size_t>(3 * n), -2.5f);
    const Strides apart = {3, 3 * n}, across = {3, 1};
    CAPTURE(n);
    test::on_every_build([&] {
      const auto largest = [&](const Shape& shape, std::uint32_t dims, const Strides& strides) {
        return reduce<float>(arith::Amax(), shape, dims, {negative.data(), strides}, 0.0, 1);
      };
      test::require_same<float>({-2.5f, -2.5f, -2.5f}, largest({3, n}, 0b10, {n, 1}));
      test::require_same<float>({-2.5f, -2.5f, -2.5f}, largest({n, 3}, 0b01, across));
      test::require_same<float>({-2.5f}, largest({n, 1}, 0b01, apart));
    });
  }
  for (const std::size_t n : {2u, 50u, 300u, 1500u})
    for (const std::size_t at : {std::size_t{0}, n / 2, n - 1}) {
      test::Vector<float> zeros(n, -0.0f), ones(n, 1.0f);
      const auto largest = [&](const test::Vector<float>& of) {
        return reduce<float>(arith::Amax(), {static_cast<std::int64_t>(n)}, 1, of.data(), 0.0, 1);
      };
      test::on_every_build([&] { test::require_same<float>({-0.0f}, largest(zeros)); });
      zeros[at] = 0;
      ones[at] = std::numeric_limits<float>::quiet_NaN();
      test::on_every_build([&] {
        test::require_same<float>({0.0f}, largest(zeros));
        test::require_same<float>({std::numeric_limits<float>::quiet_NaN()}, largest(ones));
      });
    }
  const test::Vector<std::int64_t> whole = {INT64_MIN + 1, -7, -3, -9};
  test::on_every_build([&] {
    CHECK(reduce<std::int64_t>(arith::Amax(), {4}, 1, whole.data(), 0.0, 1)[0] == -3);
    CHECK(reduce<std::int64_t>(arith::Amax(), {2, 2}, 1, whole.data(), 0.0, 1) ==
          test::Vector<std::int64_t>{-3, -7});
  });
  test::Vector<std::uint8_t> flag(1);
  CHECK_THROWS_WITH(kernels::reduce(test::stream(), arith::Amax(), DType::boolean, {1}, 1, flag.data(),
                        flag.data(), 0.0, 1),
      "amax: needs numbers; the dtype is boolean");
}

TEST_CASE("reduce: the mean of no elements is NaN", "[kernels][reduce]") {
  const test::Vector<float> x(1);
  CHECK(std::isnan(reduce<float>(arith::Sum(), {0}, 1, x.data(), x.data(), 0)[0]));
}

TEST_CASE("reduce: integers and booleans sum to int64", "[kernels][reduce]") {
  test::Vector<std::int64_t> whole, columns(7, 0), want_rows(300, 0);
  test::Vector<std::uint8_t> flags;
  std::int64_t total = 0, count = 0;
  for (std::int64_t i = 0; i < 2100; ++i) {
    whole.push_back(i * i * 1000000007 - 5);
    flags.push_back(i % 3 == 0);
    total += whole.back();
    count += i % 3 == 0;
    columns[static_cast<std::size_t>(i % 7)] += whole.back();
    want_rows[static_cast<std::size_t>(i / 7)] += whole.back();
  }
  test::on_every_build([&] {
    CHECK(reduce<std::int64_t>(arith::Sum(), {2100}, 1, whole.data(), whole.data(), 1)[0] == total);
    CHECK(reduce<std::int64_t>(arith::Sum(), {300, 7}, 0b01, whole.data(), whole.data(), 1) == columns);
    CHECK(reduce<std::int64_t>(arith::Sum(), {300, 7}, 0b10, whole.data(), whole.data(), 1) == want_rows);
    test::Vector<std::int64_t> out(1);
    kernels::reduce(test::stream(), arith::Sum(), DType::boolean, {300, 7}, 0b11, out.data(), flags.data(),
        flags.data(), 1);
    CHECK(out[0] == count);
  });
  test::Vector<std::int64_t> wrapped(1);
  const test::Vector<std::int64_t> most = {INT64_MAX, 1};
  const auto sum = [&](arith::ReduceOp op) {
    kernels::reduce(test::stream(), op, DType::int64, {2}, 1, wrapped.data(), most.data(), most.data(), 1);
  };
  sum(arith::Sum());
  CHECK(wrapped[0] == INT64_MIN);
  CHECK_THROWS_WITH(sum(arith::SumOfProducts()), "product: needs floating-point numbers; the dtype is int64");
}

TEST_CASE("reduce: integers and booleans over any dimensions of any layout", "[kernels][reduce]") {
  // Some are longer than what one thread takes at once.
  const std::int64_t many = test::on_cuda() ? 3000 : 70000;
  for (const Shape& shape : {Shape{many}, Shape{3, many}, Shape{many, 3}, Shape{many / 50, 50},
           Shape{5, 40, 30}, Shape{0}, Shape{0, 20}, Shape{3, 0, 20}, Shape{20, 0}})
    for (std::uint32_t dims = 1; dims < 1u << shape.rank(); ++dims)
      for (const bool turned : {false, true}) {
        Strides steps = shape;
        std::int64_t step = 1;
        for (int i = 0; i < shape.rank(); ++i) {
          const int at = turned ? i : shape.rank() - 1 - i;
          steps[at] = step;
          step *= shape[at];
        }
        test::Vector<std::int64_t> numbers;
        test::Vector<std::uint8_t> bits;
        for (std::int64_t i = 0; i < step; ++i) {
          numbers.push_back(static_cast<std::int64_t>(static_cast<std::uint64_t>(i) * 0x9e3779b97f4a7c15u));
          bits.push_back(i * 7 % 3 == 0);
        }
        std::int64_t outputs = 1;
        for (int i = 0; i < shape.rank(); ++i) outputs *= dims >> i & 1 ? 1 : shape[i];
        test::Vector<std::int64_t> sums(static_cast<std::size_t>(outputs), 0),
            counts = sums, largest(sums.size(), INT64_MIN);
        for (std::int64_t i = 0; i < step; ++i) {
          std::int64_t rest = i, offset = 0, output = 0, scale = 1;
          for (int d = shape.rank() - 1; d >= 0; --d) {
            const std::int64_t index = rest % shape[d];
            rest /= shape[d];
            offset += index * steps[d];
            if (dims >> d & 1) continue;
            output += index * scale;
            scale *= shape[d];
          }
          const auto o = static_cast<std::size_t>(output), at = static_cast<std::size_t>(offset);
          sums[o] = static_cast<std::int64_t>(
              static_cast<std::uint64_t>(sums[o]) + static_cast<std::uint64_t>(numbers[at]));
          counts[o] += bits[at];
          largest[o] = std::max(largest[o], numbers[at]);
        }
        CAPTURE(shape, dims, turned);
        test::on_every_build([&] {
          const auto reduced = [&](arith::ReduceOp op, DType dtype, const void* data) {
            return test::written<std::int64_t>(sums.size(), [&](std::int64_t* out) {
              kernels::reduce(test::stream(), op, dtype, shape, dims, out, {data, steps}, {data, steps}, 1);
            });
          };
          REQUIRE(reduced(arith::Sum(), DType::int64, numbers.data()) == sums);
          REQUIRE(reduced(arith::Sum(), DType::boolean, bits.data()) == counts);
          REQUIRE(reduced(arith::Amax(), DType::int64, numbers.data()) == largest);
        });
      }
}
