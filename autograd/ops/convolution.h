// Convolution, and the windows that it is made of. Floating point only. Images are [N, C, H, W], or without
// N. Every size below is that of height and width, {h, w}, or one number for both.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon {

/// The options of conv2d(), with PyTorch's defaults.
struct ConvolutionOptions {
  Shape stride = 1;
  Shape padding = 0;   // rows and columns of zeros on each side
  Shape dilation = 1;  // the distance between neighbouring elements of the kernel
  std::int64_t groups = 1;
};

/// For each output channel o, the sum of products of the weight with each window of the image (which is not
/// mirrored), + bias[o]:
///
///     x [N, C, H, W], weight [O, C / groups, KH, KW], bias [O] or undefined: [N, O, OH, OW]
///     OH = (H + 2 padding - dilation (KH - 1) - 1) / stride + 1, rounded down; OW likewise
///
/// With groups, the channels of image and result are split into so many parts, and each part of the result
/// sees only that of the image. An image has the bits that it has alone. Unless the kernel is 1 x 1, the
/// windows are copied, to KH KW times the size of x: on a CPU those of a few images at a time, and again
/// those of all for the gradient of the weight.
TENON_API Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
    const ConvolutionOptions& options = {}, CallSite site = CallSite::current());
/// conv2d(x, weight, bias, 2, 1): stride 2 and padding 1.
template <SizeType Stride, SizeType Padding = int>
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, Stride stride, Padding padding = 0,
    CallSite site = CallSite::current()) {
  return conv2d(x, weight, bias, ConvolutionOptions{.stride = stride, .padding = padding}, site);
}

/// The options of conv_transpose2d(), with PyTorch's defaults.
struct ConvTransposeOptions {
  Shape stride = 1;
  Shape padding = 0;         // rows and columns left out on each side of the result
  Shape output_padding = 0;  // more of them below and on the right, fewer than the stride or the dilation
  std::int64_t groups = 1;
  Shape dilation = 1;  // the distance between neighbouring elements of the kernel
};

/// The transpose of conv2d(), as its gradient is: each element of the image, times the kernel, is added to
/// the result at a distance of `stride` from its neighbour's; + bias[o].
///
///     x [N, C, H, W], weight [C, O / groups, KH, KW], bias [O] or undefined: [N, O, OH, OW]
///     OH = (H - 1) stride - 2 padding + dilation (KH - 1) + output_padding + 1; OW likewise
///
/// The products of an image have KH KW times the size of the result; on a CPU those of a few images are in
/// memory at once.
TENON_API Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
    const ConvTransposeOptions& options = {}, CallSite site = CallSite::current());

/// The options of unfold() and fold(), with PyTorch's defaults.
struct UnfoldOptions {
  Shape dilation = 1;
  Shape padding = 0;  // rows and columns of zeros on each side
  Shape stride = 1;
};

/// The windows of an image as columns: [N, C, H, W] to [N, C KH KW, L] for L = OH OW windows of
/// `kernel_size`, both in row-major order. (torch.nn.functional.unfold)
TENON_API Tensor unfold(const Tensor& x, const Shape& kernel_size, const UnfoldOptions& options = {},
    CallSite site = CallSite::current());
/// The reverse: [N, C KH KW, L] to images [N, C, H, W] of `output_size` {H, W}, in which windows that overlap
/// are added up.
TENON_API Tensor fold(const Tensor& columns, const Shape& output_size, const Shape& kernel_size,
    const UnfoldOptions& options = {}, CallSite site = CallSite::current());

}  // namespace tenon
