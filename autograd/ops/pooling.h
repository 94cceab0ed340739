// Pooling: one number for each window of an image. Floating point only. Images are [N, C, H, W], or without
// N. Every size below is that of height and width, {h, w}, or one number for both.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon {

/// The options of max_pool2d(), with PyTorch's defaults.
struct MaxPool2dOptions {
  Shape stride{};     // empty: the kernel's size
  Shape padding = 0;  // at most half of the window; padding is never the largest element
  Shape dilation = 1;
  bool ceil_mode = false;  // whether a last window may reach beyond the padded image
};

/// The largest element of each window; NaN counts as the largest. The first of equal elements gets the
/// gradient. Not there: return_indices.
TENON_API Tensor max_pool2d(const Tensor& x, const Shape& kernel_size, const MaxPool2dOptions& options = {},
    CallSite site = CallSite::current());
/// max_pool2d(x, 3, 2): stride 2.
template <SizeType Stride>
Tensor max_pool2d(
    const Tensor& x, const Shape& kernel_size, Stride stride, CallSite site = CallSite::current()) {
  return max_pool2d(x, kernel_size, MaxPool2dOptions{.stride = stride}, site);
}

/// The options of avg_pool2d(), with PyTorch's defaults.
struct AvgPool2dOptions {
  Shape stride{};                 // empty: the kernel's size
  Shape padding = 0;              // at most half of the window
  bool ceil_mode = false;         // whether a last window may reach beyond the padded image
  bool count_include_pad = true;  // whether the zeros of the padding count
};

/// The mean of each window. Not there: divisor_override.
TENON_API Tensor avg_pool2d(const Tensor& x, const Shape& kernel_size, const AvgPool2dOptions& options = {},
    CallSite site = CallSite::current());
/// avg_pool2d(x, 3, 2): stride 2.
template <SizeType Stride>
Tensor avg_pool2d(
    const Tensor& x, const Shape& kernel_size, Stride stride, CallSite site = CallSite::current()) {
  return avg_pool2d(x, kernel_size, AvgPool2dOptions{.stride = stride}, site);
}

/// The means of so many windows, [N, C, OH, OW] for `output_size` {OH, OW}, whatever the size of the images:
/// window i of OH has the rows from i H / OH, rounded down, to (i + 1) H / OH, rounded up. Not there: a size
/// of None.
TENON_API Tensor adaptive_avg_pool2d(
    const Tensor& x, const Shape& output_size, CallSite site = CallSite::current());

}  // namespace tenon
