// Pooling. Its gradients are those of the operations that it consists of.
#include <algorithm>
#include <utility>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/windows.h>

namespace tenon {

using kernels::WindowAxis;
using kernels::Windows;

namespace {

Windows pooling_windows(const char* op, const Shape& images, autograd::Sliding sliding) {
  if (sliding.stride.rank() == 0) sliding.stride = sliding.kernel_size;
  const Windows windows = autograd::windows_of(op, images, sliding);
  for (const WindowAxis& axis : {windows.h, windows.w})
    check(2 * axis.padding <= axis.dilation * (axis.kernel - 1) + 1,
        "{}: the padding may be at most half of the window; padding is {}, kernel_size {}, dilation {}", op,
        sliding.padding, sliding.kernel_size, sliding.dilation);
  return windows;
}

/// How many elements each window has, [1, 1, OH OW].
Tensor window_counts(const Tensor& images, Windows windows, bool with_padding) {
  windows.planes = 1;
  if (with_padding)
    for (WindowAxis* const axis : {&windows.h, &windows.w}) axis->size += 2 * std::exchange(axis->padding, 0);
  const Tensor ones = expand(autograd::number_beside(images, 1), {1, 1, windows.h.size, windows.w.size});
  return sum(autograd::unfold_windows(ones, windows, CallSite::current()), 2);
}

/// Dimension d as two, {count, longest}: a row for each window of adaptive pooling, with +0 beyond its end.
Tensor adaptive_rows(const Tensor& x, int d, std::int64_t count) {
  const std::int64_t size = x.shape()[d];
  const bool equal = size % count == 0;
  const std::int64_t longest = equal ? size / count : (size + count - 2) / count + 1;
  Shape rows, mask{count, longest};
  for (int i = 0; i < d; ++i) rows.push_back(x.shape()[i]);
  rows.push_back(count);
  rows.push_back(longest);
  for (int i = d + 1; i < x.dim(); ++i) {
    rows.push_back(x.shape()[i]);
    mask.push_back(1);
  }
  if (equal) return reshape(x, rows);
  // start = floor(i size / count) is how many multiples of count, from the first on, do not exceed i size;
  // the end is how many of those from 0 on are less than (i + 1) size.
  const Tensor multiples = autograd::positions_beside(x, size, 0, count),
               start = searchsorted(add(multiples, static_cast<double>(count)),
                   autograd::positions_beside(x, count, 0, size), true),
               end = searchsorted(multiples, autograd::positions_beside(x, count, size, size)),
               place = add(unsqueeze(start, 1), autograd::positions_beside(x, longest)),
               is_inside = lt(place, unsqueeze(end, 1));
  // Element 0 stands where there is none.
  const Tensor elements = index_select(x, d, flatten(where(is_inside, place, 0.0)));
  return where(reshape(is_inside, mask), reshape(elements, rows), 0.0);
}

}  // namespace

Tensor max_pool2d(const Tensor& x, const Shape& kernel_size, const MaxPool2dOptions& options, CallSite site) {
  const Call call("max_pool2d", site);
  const Tensor images = contiguous(autograd::as_images("max_pool2d", x));
  const Windows windows = pooling_windows("max_pool2d", images.shape(),
      {kernel_size, options.stride, options.padding, options.dilation, options.ceil_mode});
  const auto& [planes, h, w] = windows;
  for (const WindowAxis& axis : {h, w})
    check(axis.kernel == 1 || axis.dilation <= axis.size,
        "max_pool2d: a window could lie beside the image; dilation is {}, the images are {}",
        options.dilation, images.shape());
  const std::int64_t n = images.shape()[0], channels = images.shape()[1];
  const Tensor index =
      autograd::new_tensor({n, channels, h.windows * w.windows}, DType::int64, images.stream());
  kernels::argmax_windows(images.stream(), images.dtype(), windows, index.ptr<std::int64_t>(), images.raw());
  const Tensor largest = gather(reshape(images, {n, channels, h.size * w.size}), 2, index);
  return autograd::as_before(reshape(largest, {n, channels, h.windows, w.windows}), x);
}

Tensor avg_pool2d(const Tensor& x, const Shape& kernel_size, const AvgPool2dOptions& options, CallSite site) {
  const Call call("avg_pool2d", site);
  const Tensor images = autograd::as_images("avg_pool2d", x);
  const Windows windows = pooling_windows(
      "avg_pool2d", images.shape(), {kernel_size, options.stride, options.padding, 1, options.ceil_mode});
  const auto& [planes, h, w] = windows;
  const std::int64_t n = images.shape()[0], channels = images.shape()[1];
  const Tensor elements = autograd::unfold_windows(images, windows, site);
  const bool with_padding = options.count_include_pad || h.padding + w.padding == 0;
  const Tensor means = with_padding && !options.ceil_mode
                           ? mean(elements, 2)
                           : div(sum(elements, 2), window_counts(images, windows, with_padding));
  return autograd::as_before(reshape(means, {n, channels, h.windows, w.windows}), x);
}

Tensor adaptive_avg_pool2d(const Tensor& x, const Shape& output_size, CallSite site) {
  const Call call("adaptive_avg_pool2d", site);
  const Tensor images = autograd::as_images("adaptive_avg_pool2d", x);
  const Shape size = autograd::pair_of("adaptive_avg_pool2d", "output_size", output_size, 1);
  const std::int64_t height = images.shape()[2], width = images.shape()[3];
  check(height > 0 && width > 0, "adaptive_avg_pool2d: the images have no elements; they are {}", x.shape());
  checked_numel("adaptive_avg_pool2d", {images.shape()[0], images.shape()[1], size[0], size[1]});
  // The products of sizes in adaptive_rows() are within int64.
  checked_numel("adaptive_avg_pool2d", {std::max(height, width), std::max(size[0], size[1])});
  const auto windows = [&](const Tensor& a) {
    return adaptive_rows(adaptive_rows(a, 3, size[1]), 2, size[0]);
  };
  if (height % size[0] == 0 && width % size[1] == 0)
    return autograd::as_before(mean(windows(images), {3, 5}), x);
  const Tensor ones = expand(autograd::number_beside(images, 1), {1, 1, height, width});
  return autograd::as_before(div(sum(windows(images), {3, 5}), sum(windows(ones), {3, 5})), x);
}

}  // namespace tenon
