// What convolution and pooling share.
#pragma once
#include <tenon/core/tensor.h>
#include <tenon/kernels/windows.h>

namespace tenon::autograd {

/// Images [N, C, H, W]; [C, H, W] gets an N of 1.
Tensor as_images(const char* op, const Tensor& x);
/// `out`, computed from as_images(x), with as many dimensions as x has more than `least`.
Tensor as_before(const Tensor& out, const Tensor& x);

/// {h, w}, after checking that there are one or two numbers of `least` or more.
Shape pair_of(const char* op, const char* name, const Shape& given, std::int64_t least);

/// How windows slide; as the user gave it.
struct Sliding {
  Shape kernel_size, stride, padding = 0, dilation = 1;
  bool ceil_mode = false;
};
/// The windows of images [N, C, H, W], after checking that there is one.
kernels::Windows windows_of(const char* op, const Shape& images, const Sliding& sliding);

/// [N, C, H, W] to [N, C, KH KW, OH OW]; recorded as "unfold".
Tensor unfold_windows(const Tensor& images, const kernels::Windows& windows, CallSite site);

}  // namespace tenon::autograd
