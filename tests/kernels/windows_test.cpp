#include <tenon/kernels/windows.h>

#include <cmath>

#include "support.h"

using namespace tenon;
using kernels::WindowAxis;
using kernels::Windows;

namespace {

/// Calls use(p, i, j, y, x, at, in) for each element of each window in row-major order: `at` is where unfold
/// writes it, and `in` where its plane has it, or -1.
template <class Use>
void each_element(const Windows& windows, const Use& use) {
  const WindowAxis &h = windows.h, &w = windows.w;
  std::size_t at = 0;
  for (std::int64_t p = 0; p < windows.planes; ++p)
    for (std::int64_t i = 0; i < h.kernel; ++i)
      for (std::int64_t j = 0; j < w.kernel; ++j)
        for (std::int64_t y = 0; y < h.windows; ++y)
          for (std::int64_t x = 0; x < w.windows; ++x) {
            const std::int64_t row = y * h.stride + i * h.dilation - h.padding,
                               column = x * w.stride + j * w.dilation - w.padding;
            const bool is_there = row >= 0 && row < h.size && column >= 0 && column < w.size;
            use(p, y, x, at++, is_there ? row * w.size + column : -1);
          }
}

std::size_t image_size(const Windows& windows) {
  return static_cast<std::size_t>(windows.planes * windows.h.size * windows.w.size);
}
std::size_t window_count(const Windows& windows) {
  return static_cast<std::size_t>(windows.planes * windows.h.windows * windows.w.windows);
}
std::size_t column_size(const Windows& windows) {
  return window_count(windows) * static_cast<std::size_t>(windows.h.kernel * windows.w.kernel);
}

/// size, kernel, stride, padding, dilation, windows
const Windows layouts[] = {
    {1, {1, 1, 1, 0, 1, 1}, {1, 1, 1, 0, 1, 1}}, {3, {5, 3, 1, 1, 1, 5}, {70, 3, 1, 1, 1, 70}},
    {40, {8, 2, 2, 0, 1, 4}, {9, 2, 2, 0, 1, 4}}, {2, {9, 3, 2, 1, 1, 5}, {7, 4, 3, 2, 1, 3}},
    {2, {6, 2, 1, 2, 3, 7}, {11, 3, 2, 1, 2, 5}}, {1, {4, 1, 3, 0, 1, 2}, {5, 2, 3, 0, 1, 2}},
    {2, {5, 3, 2, 0, 1, 2}, {4, 3, 2, 0, 1, 2}},  // the last window of each row begins in it and ends beyond
    {1, {2, 2, 1, 1, 1, 3}, {1, 3, 4, 9, 5, 3}},  // windows beside the image
    {0, {4, 2, 1, 0, 1, 3}, {4, 2, 1, 0, 1, 3}}, {2, {0, 2, 1, 1, 1, 1}, {3, 2, 1, 0, 1, 2}},
    {1, {150, 3, 1, 1, 1, 150}, {300, 3, 1, 1, 1, 300}},
    {2, {6, 5, 1, 2, 1, 6}, {37, 5, 1, 2, 1, 37}},  // more than one column beside each end of a row
    {2, {7, 3, 1, 0, 2, 3}, {18, 3, 1, 2, 2, 18}},
    {1, {4, 2, 1, 1, 2, 4}, {17, 2, 1, 40, 80, 17}},  // columns beside the image by more than a vector
};

}  // namespace

TEMPLATE_TEST_CASE("unfold: every element of every window", "[kernels][windows][grids]", float, double) {
  for (const Windows& windows : layouts) {
    const auto a =
        test::noise<TestType>(static_cast<std::int64_t>(image_size(windows)), test::Kind::special, 1);
    const std::int64_t area = windows.h.size * windows.w.size;
    test::Vector<TestType> want;
    each_element(windows, [&](std::int64_t p, std::int64_t, std::int64_t, std::size_t, std::int64_t in) {
      want.push_back(in < 0 ? TestType(0) : a[static_cast<std::size_t>(p * area + in)]);
    });
    test::on_every_build([&] {
      test::require_same(want, test::written<TestType>(want.size(), [&](TestType* to) {
        kernels::unfold(test::stream(), dtype_of<TestType>, windows, to, a.data());
      }));
    });
  }
}

TEMPLATE_TEST_CASE("fold: the order of its additions", "[kernels][windows][grids]", float, double) {
  for (const Windows& windows : layouts)
    for (const test::Kind kind : test::kinds) {
      const auto a = test::noise<TestType>(static_cast<std::int64_t>(column_size(windows)), kind, 2);
      const std::int64_t area = windows.h.size * windows.w.size;
      test::Vector<TestType> want(image_size(windows));
      each_element(windows, [&](std::int64_t p, std::int64_t, std::int64_t, std::size_t at, std::int64_t in) {
        if (in < 0) return;
        TestType& sum = want[static_cast<std::size_t>(p * area + in)];
        sum = sum + a[at];
      });
      test::on_every_build([&] {
        test::require_same(want, test::written<TestType>(want.size(), [&](TestType* to) {
          kernels::fold(test::stream(), dtype_of<TestType>, windows, to, a.data());
        }));
      });
    }
}

TEMPLATE_TEST_CASE("argmax_windows: the first of the largest elements, or the first NaN",
    "[kernels][windows][grids]", float, double) {
  for (const Windows& windows : layouts) {
    std::vector<bool> has_elements(window_count(windows));
    const auto window = [&](std::int64_t p, std::int64_t y, std::int64_t x) {
      return static_cast<std::size_t>((p * windows.h.windows + y) * windows.w.windows + x);
    };
    each_element(windows, [&](std::int64_t p, std::int64_t y, std::int64_t x, std::size_t, std::int64_t in) {
      if (in >= 0) has_elements[window(p, y, x)] = true;
    });
    if (!std::all_of(has_elements.begin(), has_elements.end(), [](bool has) { return has; })) continue;
    const auto n = static_cast<std::int64_t>(image_size(windows));
    test::Vector<TestType> few(image_size(windows));
    for (std::size_t i = 0; i < few.size(); ++i)
      few[i] = i * i % 11 == 3 ? std::numeric_limits<TestType>::quiet_NaN() : static_cast<TestType>(i % 5);
    const std::int64_t area = windows.h.size * windows.w.size;
    for (const auto& a : {test::noise<TestType>(n, test::Kind::ordinary, 3),
             test::noise<TestType>(n, test::Kind::special, 4), few}) {
      test::Vector<std::int64_t> want(window_count(windows), -1);
      each_element(
          windows, [&](std::int64_t p, std::int64_t y, std::int64_t x, std::size_t, std::int64_t in) {
            if (in < 0) return;
            std::int64_t& best = want[window(p, y, x)];
            const auto value = [&](std::int64_t at) { return a[static_cast<std::size_t>(p * area + at)]; };
            if (best < 0 || value(in) > value(best) || (std::isnan(value(in)) && !std::isnan(value(best))))
              best = in;
          });
      test::on_every_build([&] {
        test::require_same(want, test::written<std::int64_t>(want.size(), [&](std::int64_t* to) {
          kernels::argmax_windows(test::stream(), dtype_of<TestType>, windows, to, a.data());
        }));
      });
    }
  }
}
