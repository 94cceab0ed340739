#include <tenon/kernels/sort.h>

#include <numeric>
#include <set>

#include "support.h"

using namespace tenon;

namespace {

struct Lines {
  std::int64_t count, length;
};

/// The definition, by a stable sort of positions.
template <class T>
void require_sorted(const Lines& lines, const test::Vector<T>& a) {
  CAPTURE(lines.count, lines.length);
  for (const bool descending : {false, true}) {
    test::Vector<std::int64_t> want(a.size());
    test::Vector<T> values;
    for (std::int64_t l = 0; l < lines.count; ++l) {
      const auto start = want.begin() + l * lines.length;
      std::iota(start, start + lines.length, 0);
      std::stable_sort(start, start + lines.length, [&](std::int64_t i, std::int64_t j) {
        const T x = a[static_cast<std::size_t>(l * lines.length + i)],
                y = a[static_cast<std::size_t>(l * lines.length + j)];
        if (x != x || y != y) return descending ? x != x && y == y : x == x && y != y;
        return descending ? x > y : x < y;
      });
      for (std::int64_t i = 0; i < lines.length; ++i)
        values.push_back(a[static_cast<std::size_t>(l * lines.length + start[i])]);
    }
    constexpr DType dtype = dtype_of<std::conditional_t<std::is_same_v<T, std::uint8_t>, bool, T>>;
    test::on_every_build([&] {
      test::Output<T> sorted(a.size());
      test::Output<std::int64_t> indices(a.size());
      kernels::sort(test::stream(), dtype, lines.count, lines.length, descending, {0, lines.length},
          sorted.data(), indices.data(), a.data());
      test::require_same(want, indices.values());
      test::require_same(values, sorted.values());
    });
  }
}

const Lines shapes[] = {
    {0, 3}, {3, 1}, {5, 2}, {7, 3}, {300, 10}, {2, 255}, {3, 1024}, {2, 1025}, {1, 2500}, {2, 4097}};

}  // namespace

TEMPLATE_TEST_CASE(
    "sort: every length, with NaN, infinities and ties", "[kernels][sort][grids]", float, double) {
  for (const Lines& lines : shapes) {
    const std::int64_t n = lines.count * lines.length;
    require_sorted(lines, test::noise<TestType>(n, test::Kind::special, 2));
    if (!test::thorough) continue;
    require_sorted(lines, test::noise<TestType>(n, test::Kind::ordinary, 1));
    test::Vector<TestType> few(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < few.size(); ++i) few[i] = static_cast<TestType>(i * i % 7) - 3;
    require_sorted(lines, few);
  }
}

TEST_CASE("sort: integers and booleans", "[kernels][sort]") {
  for (const Lines& lines : shapes) {
    if (lines.length > 1100 && !test::thorough) continue;  // as floating-point numbers are sorted
    const auto n = static_cast<std::size_t>(lines.count * lines.length);
    test::Vector<std::int64_t> whole(n);
    test::Vector<std::uint8_t> flags(n);
    for (std::size_t i = 0; i < n; ++i) {
      whole[i] = static_cast<std::int64_t>(i * 0x9e3779b97f4a7c15u);
      flags[i] = i * i % 3 == 1;
    }
    require_sorted(lines, whole);
    require_sorted(lines, flags);
  }
}

TEST_CASE("sort: only some places", "[kernels][sort]") {
  constexpr std::int64_t count = 5, length = 1100;
  const auto a = test::noise<float>(count * length, test::Kind::special, 3);
  const auto sorted = [&](kernels::Places wanted) {
    test::Output<float> values(a.size());
    test::Output<std::int64_t> indices(a.size());
    kernels::sort(
        test::stream(), DType::float32, count, length, true, wanted, values.data(), indices.data(), a.data());
    return indices.values();
  };
  const auto all = sorted({0, length});
  for (const kernels::Places wanted : {kernels::Places{0, 10}, {500, 501}, {1000, length}, {0, 0}, {7, 7}})
    test::on_every_build([&] {
      const auto some = sorted(wanted);
      for (std::int64_t l = 0; l < count; ++l) {
        const auto whole = all.begin() + l * length, part = some.begin() + l * length;
        REQUIRE(std::equal(whole + wanted.begin, whole + wanted.end, part + wanted.begin));
        const auto indices = [](auto begin, auto end) { return std::set(begin, end); };
        REQUIRE(indices(whole, whole + wanted.begin) == indices(part, part + wanted.begin));
        REQUIRE(indices(whole + wanted.end, whole + length) == indices(part + wanted.end, part + length));
      }
    });
}
