// Indexing in the shapes that the CPU's loops treat differently: rows around the width of a vector, blocks of
// columns, results whose rows or columns are split over threads.
#include <tenon/kernels/index.h>

#include <random>

#include "support.h"

using namespace tenon;
using kernels::Indexed;

namespace {

using Index = test::Vector<std::int64_t>;

std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }

Index indices(std::int64_t n, std::int64_t below, std::uint32_t seed) {
  std::mt19937 random(seed);
  Index index(size(n));
  for (std::int64_t& i : index) i = static_cast<std::int64_t>(random()) % below;
  return index;
}

/// Any bits, so that signs of zeros and payloads of NaNs are compared, too.
template <class T>
test::Vector<T> any_bits(std::int64_t n) {
  std::mt19937 random(1);
  test::Vector<T> values(size(n));
  for (T& x : values) x = static_cast<T>(std::uint64_t{random()} << 32 | random());
  return values;
}

/// index_select, or gather with an index for each element of the result, of elements with T's size.
template <class T>
void check_take(DType dtype, Indexed l, std::int64_t count, bool each) {
  CAPTURE(l.outer, l.size, l.inner, count, each, dtype);
  const std::int64_t n = l.outer * count * l.inner;
  const auto a = any_bits<T>(l.outer * l.size * l.inner);
  const Index index = indices(each ? n : count, l.size, 2);
  test::Vector<T> expected(size(n));
  for (std::int64_t at = 0; at < n; ++at) {
    const std::int64_t o = at / (count * l.inner), i = at / l.inner % count, j = at % l.inner;
    expected[size(at)] = a[size((o * l.size + index[size(each ? at : i)]) * l.inner + j)];
  }
  test::on_every_build([&] {
    const auto take = each ? kernels::gather : kernels::index_select;
    test::require_same(expected, test::written<T>(size(n), [&](T* out) {
      take(test::stream(), dtype, l, out, a.data(), index.data(), count, 0);
    }));
  });
}

/// The gradients.
template <class T>
void check_add(Indexed l, std::int64_t count, bool each, const Index& index) {
  CAPTURE(l.outer, l.size, l.inner, count, each, sizeof(T));
  const std::int64_t n = l.outer * count * l.inner;
  auto g = test::noise<T>(n, test::Kind::wide, 1);
  for (std::size_t at = 0; at < size(n); at += 3) g[at] = -T(0);
  test::Vector<T> expected(size(l.outer * l.size * l.inner), T(0));
  for (std::int64_t at = 0; at < n; ++at) {
    const std::int64_t o = at / (count * l.inner), i = at / l.inner % count, j = at % l.inner;
    const std::int64_t row = index[size(each ? at : i)];
    if (row < 0 || row >= l.size) continue;
    T& to = expected[size((o * l.size + row) * l.inner + j)];
    to = to + g[size(at)];
  }
  test::on_every_build([&] {
    const auto add = each ? kernels::gather_add : kernels::index_add;
    test::require_same(expected, test::written<T>(expected.size(), [&](T* out) {
      add(test::stream(), dtype_of<T>, l, out, g.data(), index.data(), count);
    }));
  });
}
template <class T>
void check_add(Indexed l, std::int64_t count, bool each) {
  check_add<T>(l, count, each, indices(each ? l.outer * count * l.inner : count, l.size, 2));
}

}  // namespace

TEST_CASE("indexing: rows of any width", "[kernels][index]") {
  for (const std::int64_t inner : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 300})
    for (const bool each : {false, true}) {
      const Indexed layout{2, 9, inner};
      check_take<std::uint8_t>(DType::boolean, layout, 21, each);
      check_take<std::uint32_t>(DType::float32, layout, 21, each);
      check_take<std::uint64_t>(DType::float64, layout, 21, each);
      check_take<std::uint64_t>(DType::int64, layout, 21, each);
      check_add<float>(layout, 21, each);
      check_add<double>(layout, 21, each);
    }
}

TEST_CASE("indexing: few indices at many positions", "[kernels][index][one_thread]") {
  for (const std::int64_t count : {1, 2, 15, 16, 17})
    for (const bool each : {false, true}) {
      if (!test::thorough && count != 1 && count != 17) continue;
      check_take<std::uint32_t>(DType::float32, {2200, 3, 1}, count, each);
      check_take<std::uint64_t>(DType::int64, {700, 40, 1}, count, each);
      check_add<float>({2200, 3, 1}, count, each);
      check_add<double>({700, 40, 1}, count, each);
    }
}

TEST_CASE("indexing: blocks of columns", "[kernels][index]") {
  check_take<std::uint32_t>(DType::float32, {1, 500, 300}, 130, true);
  check_take<std::uint64_t>(DType::float64, {2, 250, 300}, 70, true);
  check_add<float>({1, 500, 300}, 130, true);
  check_add<double>({2, 250, 300}, 70, true);
  check_add<float>({1, 100, 300}, 2, true);
}

TEST_CASE("indexing: threads share the rows and columns of a sum", "[kernels][index]") {
  if (test::thorough || !test::on_cuda()) {
    check_add<float>({1, 300001, 1}, 2049, false);
    check_add<double>({1, 140000, 1}, 1500, true);
  }
  check_add<float>({1, 40, 20}, 5003, false);
  check_add<double>({2, 41, 300}, 500, false);
  check_add<float>({1, 41, 128}, 500, false);
  // Most rows belong to one.
  Index index(5003, 7);
  for (std::size_t i = 0; i < index.size(); i += 100) index[i] = static_cast<std::int64_t>(i % 40);
  check_add<float>({1, 40, 20}, 5003, false, index);
  check_add<double>({1, 40, 1}, 5003, true, index);
}

TEST_CASE("indexing: sums of sorted positions", "[kernels][index][grids]") {
  if (test::thorough) check_add<float>({1, 70000, 4}, 5000, false);
  check_add<double>({2, 1000, 3}, 2049, false);
  check_add<float>({1, 3, 8}, 6000, false);
  check_add<float>({1, 257, 260}, 2500, false);
  check_add<float>({40, 700, 1}, 3000, false);
  check_add<float>({1, 700, 8}, 9000, false, Index(9000, 699));
  check_add<double>({30, 5000, 1}, 300, true);
  check_add<float>({3, 900, 70}, 400, true);
  // Long runs, which whole blocks add, among short ones, in one piece and in several.
  for (const std::int64_t count : {1500, 7000}) {
    Index index = indices(count, 300, 5);
    for (std::size_t i = size(count / 3); i < index.size(); ++i)
      if (i % 4 != 0) index[i] = i % 8 < 4 ? 17 : 40;
    if (test::thorough || count == 1500) check_add<float>({1, 300, 132}, count, false, index);
    if (test::thorough || count == 7000) check_add<float>({2, 300, 33}, count, false, index);
    check_add<double>({1, 300, 6}, count, false, index);
  }
  // Indices out of range are ignored.
  Index index = indices(5000, 300, 4);
  for (std::size_t i = 0; i < index.size(); i += 3)
    index[i] = i % 2 ? -1 - static_cast<std::int64_t>(i) : 300;
  if (test::on_cuda())
    for (const std::int64_t count : {300, 5000})
      for (const auto& [layout, each] :
          {std::pair{Indexed{1, 300, 4}, false}, {Indexed{1, 300, 1}, true}, {Indexed{1, 300, 3}, true}}) {
        Index some(index.begin(), index.begin() + count);
        if (each && layout.inner > 1)
          some.insert(some.end(), index.begin(), index.begin() + count),
              some.insert(some.end(), index.begin(), index.begin() + count);
        check_add<float>(layout, count, each, some);
      }
}

TEST_CASE("indexing: the error names the first index out of range", "[kernels][index]") {
  struct Case {
    Indexed layout;
    std::int64_t count;
    bool each;
  };
  // Over several threads, in one range, in rows, in blocks of columns.
  for (const auto& [l, count, each] : {Case{{1, 50, 1}, 100003, false}, Case{{3, 50, 2}, 1027, false},
           Case{{3, 50, 1}, 30005, true}, Case{{1, 50, 3}, 15, true}, Case{{1, 500, 300}, 335, true}}) {
    const std::int64_t n = each ? l.outer * count * l.inner : count;
    const auto a = any_bits<std::uint32_t>(l.outer * l.size * l.inner);
    for (const std::int64_t bad : {std::int64_t{-1}, l.size, std::numeric_limits<std::int64_t>::min(),
             std::numeric_limits<std::int64_t>::max()}) {
      if (!test::thorough && bad != -1 && bad != l.size) continue;
      for (const std::int64_t at : {std::int64_t{0}, n / 2, n - 1}) {
        Index index = indices(n, l.size, 3);
        index[size(at)] = bad;
        if (!test::on_cuda()) index.back() = bad;  // a device finds them in no particular order
        const std::string text = std::string(each ? "gather" : "index_select") + ": index " +
                                 std::to_string(bad) + " at position " + std::to_string(at) +
                                 " is out of range; dimension 4 has size " + std::to_string(l.size);
        test::on_every_build([&] {
          test::Output<std::uint32_t> out(size(l.outer * count * l.inner));
          const auto take = each ? kernels::gather : kernels::index_select;
          CHECK_THROWS_WITH(
              take(test::stream(), DType::float32, l, out.data(), a.data(), index.data(), count, 4), text);
        });
      }
    }
  }
}
