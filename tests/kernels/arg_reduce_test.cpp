#include <tenon/kernels/arg_reduce.h>

#include <cmath>

#include "support.h"

using namespace tenon;
using kernels::Indexed;

namespace {

/// The definition: the first NaN, or the first element that no other exceeds.
template <class T>
test::Vector<std::int64_t> expected(const Indexed& layout, bool largest, const test::Vector<T>& a) {
  test::Vector<std::int64_t> out;
  for (std::int64_t o = 0; o < layout.outer; ++o)
    for (std::int64_t j = 0; j < layout.inner; ++j) {
      const auto element = [&](std::int64_t i) {
        return a[static_cast<std::size_t>((o * layout.size + i) * layout.inner + j)];
      };
      std::int64_t at = 0;
      for (std::int64_t i = 1; i < layout.size; ++i) {
        const T x = element(i), best = element(at);
        if (best != best) break;
        if (x != x || (largest ? x > best : x < best)) at = i;
      }
      out.push_back(at);
    }
  return out;
}

template <class T>
void require_found(const Indexed& layout, const test::Vector<T>& a) {
  CAPTURE(layout.outer, layout.size, layout.inner);
  for (const bool largest : {true, false}) {
    const auto want = expected(layout, largest, a);
    test::on_every_build([&] {
      test::require_same(want, test::written<std::int64_t>(want.size(), [&](std::int64_t* to) {
        kernels::arg_extreme(test::stream(), dtype_of<T>, layout, largest, to, a.data());
      }));
    });
  }
}

const Indexed layouts[] = {{1, 1, 1}, {1, 5, 1}, {3, 255, 1}, {2, 257, 1}, {1, 1025, 1}, {7, 33, 1},
    {300, 10, 1}, {0, 4, 1}, {2, 5, 3}, {2, 9, 31}, {3, 17, 32}, {1, 40, 33}, {2, 3, 257}, {1, 600, 64}};

}  // namespace

TEMPLATE_TEST_CASE("arg_extreme: every layout, with NaN, infinities and ties", "[kernels][arg_reduce][grids]",
    float, double) {
  for (const Indexed& layout : layouts) {
    const std::int64_t n = layout.outer * layout.size * layout.inner;
    require_found(layout, test::noise<TestType>(n, test::Kind::ordinary, 1));
    require_found(layout, test::noise<TestType>(n, test::Kind::special, 2));
    test::Vector<TestType> few(static_cast<std::size_t>(n));  // small numbers, so that most tie
    for (std::size_t i = 0; i < few.size(); ++i) few[i] = static_cast<TestType>(i * i % 7) - 3;
    require_found(layout, few);
    for (TestType& x : few) x = x < 0 ? TestType(-0.0) : TestType(0);
    require_found(layout, few);
  }
}

TEST_CASE("arg_extreme: integers, also those that no double has", "[kernels][arg_reduce]") {
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min(), most = -(least + 1);
  const test::Vector<std::int64_t> a = {most - 1, most, most, least + 1, least, least, 0, 5};
  require_found(Indexed{1, 8, 1}, a);
  require_found(Indexed{2, 4, 1}, a);
  require_found(Indexed{1, 4, 2}, a);
}

TEST_CASE("arg_extreme: long lines, which threads and blocks share", "[kernels][arg_reduce][grids]") {
  for (const Indexed& layout : {Indexed{1, 70001, 1}, Indexed{2, 40000, 1}, Indexed{1, 5000, 40}}) {
    const std::int64_t n = layout.outer * layout.size * layout.inner;
    test::Vector<float> a(static_cast<std::size_t>(n), 1);
    require_found(layout, a);  // all tie
    for (std::int64_t i = 0; i < n; ++i) a[static_cast<std::size_t>(i)] = static_cast<float>(i % 50000);
    require_found(layout, a);
    a[static_cast<std::size_t>(n - 1)] = NAN;
    a[static_cast<std::size_t>(n / 2 + 7)] = NAN;
    require_found(layout, a);
  }
}
