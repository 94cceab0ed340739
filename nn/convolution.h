// Convolutional layers.
#pragma once
#include <tenon/nn/module.h>

namespace tenon::nn {

/// The options of Conv2d, with PyTorch's defaults. Sizes are those of height and width, {h, w}, or one number
/// for both.
struct Conv2dOptions {
  Shape stride = 1;
  Shape padding = 0;   // rows and columns of zeros on each side
  Shape dilation = 1;  // the distance between neighbouring elements of the kernel
  std::int64_t groups = 1;
  bool bias = true;
  Device device{};
  DType dtype = DType::float32;
};

/// conv2d(x, weight, bias) for images x [N, in_channels, H, W], or without N. Both parameters are initialised
/// uniformly in [-1, 1] / sqrt(in_channels / groups * KH * KW), PyTorch's default (kaiming_uniform_ with
/// a = sqrt(5)). Not there: padding by name, and padding with anything but zeros.
class TENON_API Conv2d : public Module {
 public:
  Conv2d(std::int64_t in_channels, std::int64_t out_channels, const Shape& kernel_size,
      const Conv2dOptions& options = {}, CallSite site = CallSite::current());
  /// Conv2d(3, 6, 5, 1, 2): stride 1 and padding 2.
  template <SizeType Stride, SizeType Padding = int>
  Conv2d(std::int64_t in_channels, std::int64_t out_channels, const Shape& kernel_size, Stride each_way,
      Padding on_each_side = 0, CallSite site = CallSite::current())
      : Conv2d(in_channels, out_channels, kernel_size, {.stride = each_way, .padding = on_each_side}, site) {}
  Tensor operator()(const Tensor& x, CallSite site = CallSite::current()) const { return forward(x, site); }
  Tensor forward(const Tensor& x, CallSite site = CallSite::current()) const;
  void visit(Visitor& visitor) override;
  std::string extra_repr() const override;

  Tensor weight;  // [out_channels, in_channels / groups, KH, KW]
  Tensor bias;    // [out_channels], undefined without one
  Shape stride, padding, dilation;
  std::int64_t groups;
};

/// The options of ConvTranspose2d, with PyTorch's defaults. Sizes are those of height and width, {h, w}, or
/// one number for both.
struct ConvTranspose2dOptions {
  Shape stride = 1;
  Shape padding = 0;         // rows and columns left out on each side of the result
  Shape output_padding = 0;  // more of them below and on the right
  std::int64_t groups = 1;
  bool bias = true;
  Shape dilation = 1;  // the distance between neighbouring elements of the kernel
  Device device{};
  DType dtype = DType::float32;
};

/// conv_transpose2d(x, weight, bias) for images x [N, in_channels, H, W], or without N. Both parameters are
/// initialised uniformly in [-1, 1] / sqrt(out_channels / groups * KH * KW), as in PyTorch. Not there:
/// output_size in the call.
class TENON_API ConvTranspose2d : public Module {
 public:
  ConvTranspose2d(std::int64_t in_channels, std::int64_t out_channels, const Shape& kernel_size,
      const ConvTranspose2dOptions& options = {}, CallSite site = CallSite::current());
  Tensor operator()(const Tensor& x, CallSite site = CallSite::current()) const { return forward(x, site); }
  Tensor forward(const Tensor& x, CallSite site = CallSite::current()) const;
  void visit(Visitor& visitor) override;
  std::string extra_repr() const override;

  Tensor weight;  // [in_channels, out_channels / groups, KH, KW]
  Tensor bias;    // [out_channels], undefined without one
  Shape stride, padding, output_padding, dilation;
  std::int64_t groups;
};

}  // namespace tenon::nn
