#include <tenon/kernels/scan.h>

#include "support.h"

using namespace tenon;
using kernels::Indexed;

namespace {

/// The definition in docs/numerics.md.
template <class T>
std::vector<T> running_sums(const std::vector<T>& x) {
  constexpr std::size_t chunk = 128;
  std::vector<T> out, totals;
  for (std::size_t start = 0; start < x.size(); start += chunk) {
    T sum = 0;
    for (std::size_t i = start; i < std::min(x.size(), start + chunk); ++i) out.push_back(sum = sum + x[i]);
    totals.push_back(sum);
  }
  if (totals.size() > 1) {
    const std::vector<T> before = running_sums(totals);
    for (std::size_t i = chunk; i < x.size(); ++i) out[i] = before[i / chunk - 1] + out[i];
  }
  return out;
}

template <class T>
void require_sums(DType dtype, const Indexed& layout, const test::Vector<T>& a) {
  CAPTURE(layout.outer, layout.size, layout.inner);
  test::Vector<T> want(a.size());
  for (std::int64_t o = 0; o < layout.outer; ++o)
    for (std::int64_t j = 0; j < layout.inner; ++j) {
      const auto at = [&](std::int64_t i) {
        return static_cast<std::size_t>((o * layout.size + i) * layout.inner + j);
      };
      std::vector<T> column;
      for (std::int64_t i = 0; i < layout.size; ++i) column.push_back(a[at(i)]);
      const std::vector<T> sums = running_sums(column);
      for (std::int64_t i = 0; i < layout.size; ++i) want[at(i)] = sums[static_cast<std::size_t>(i)];
    }
  test::on_every_build([&] {
    test::require_same(want, test::written<T>(want.size(), [&](T* to) {
      kernels::cumsum(test::stream(), dtype, layout, to, a.data());
    }));
  });
}

const Indexed layouts[] = {{1, 1, 1}, {3, 5, 1}, {10, 100, 1}, {2, 128, 1}, {1, 129, 1}, {2, 1000, 1},
    {1, 40000, 1}, {0, 4, 1}, {2, 0, 3}, {2, 7, 3}, {1, 300, 70}, {3, 2, 129}};

}  // namespace

TEMPLATE_TEST_CASE("cumsum: the order of its additions", "[kernels][scan][grids]", float, double) {
  for (const Indexed& layout : layouts)
    for (const test::Kind kind : test::kinds)
      require_sums(dtype_of<TestType>, layout,
          test::noise<TestType>(layout.outer * layout.size * layout.inner, kind, 1));
}

TEST_CASE("cumsum: integers wrap", "[kernels][scan]") {
  for (const Indexed& layout : layouts) {
    test::Vector<std::uint64_t> a(static_cast<std::size_t>(layout.outer * layout.size * layout.inner));
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = (i + 1) * 0x9e3779b97f4a7c15u;
    require_sums(DType::int64, layout, a);
  }
}
