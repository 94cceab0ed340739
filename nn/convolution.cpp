#include <tenon/nn/convolution.h>

#include <cmath>

#include <tenon/autograd/ops/windows.h>
#include <tenon/core/call.h>
#include <tenon/nn/init.h>
#include <tenon/nn/tuple.h>

namespace tenon::nn {

namespace {

void check_channels(
    const char* op, std::int64_t in, std::int64_t out, std::int64_t groups, DType dtype, Device device) {
  check(in >= 0 && out >= 0, "{}: sizes must not be negative; they are {} and {}", op, in, out);
  check(groups > 0 && in % groups == 0 && out % groups == 0,
      "{}: the groups must divide the channels; there are {} groups, {} channels in and {} out", op, groups,
      in, out);
  check(is_floating_point(dtype), "{}: weights are floating-point numbers; the dtype is {}", op, dtype);
  check_available(op, device);
}

/// Allocates both, and draws them uniformly in [-1, 1] / sqrt(product of the weight's sizes but the first).
void make_parameters(const char* op, Tensor& weight, const Shape& shape, Tensor& bias, bool with_bias,
    std::int64_t outputs, const Options& options) {
  checked_numel(op, shape);
  weight = empty(shape, options);
  if (with_bias) bias = empty({outputs}, options);
  const std::int64_t fan = shape[1] * shape[2] * shape[3];
  const double bound = fan > 0 ? 1 / std::sqrt(static_cast<double>(fan)) : 0;
  // After all allocations: constructing a layer that fails must not consume random numbers.
  init::uniform_(weight, -bound, bound);
  if (with_bias) init::uniform_(bias, -bound, bound);
}

}  // namespace

Conv2d::Conv2d(std::int64_t in_channels, std::int64_t out_channels, const Shape& kernel_size,
    const Conv2dOptions& options, CallSite site) {
  const Call call("conv2d", site);
  groups = options.groups;
  check_channels("conv2d", in_channels, out_channels, groups, options.dtype, options.device);
  const Shape kernel = autograd::pair_of("conv2d", "kernel_size", kernel_size, 1);
  stride = autograd::pair_of("conv2d", "stride", options.stride, 1);
  padding = autograd::pair_of("conv2d", "padding", options.padding, 0);
  dilation = autograd::pair_of("conv2d", "dilation", options.dilation, 1);
  make_parameters("conv2d", weight, {out_channels, in_channels / groups, kernel[0], kernel[1]}, bias,
      options.bias, out_channels, {.dtype = options.dtype, .device = options.device, .requires_grad = true});
}

Tensor Conv2d::forward(const Tensor& x, CallSite site) const {
  return conv2d(
      x, weight, bias, {.stride = stride, .padding = padding, .dilation = dilation, .groups = groups}, site);
}

void Conv2d::visit(Visitor& visitor) {
  visitor("weight", weight);
  visitor("bias", bias);
}

std::string Conv2d::extra_repr() const {
  const Shape& sizes = weight.shape();
  std::string text = tenon::detail::format("{}, {}, kernel_size={}, stride={}",
      {sizes[1] * groups, sizes[0], detail::tuple({sizes[2], sizes[3]}), detail::tuple(stride)});
  if (padding != Shape{0, 0}) text += ", padding=" + detail::tuple(padding);
  if (dilation != Shape{1, 1}) text += ", dilation=" + detail::tuple(dilation);
  if (groups != 1) text += tenon::detail::format(", groups={}", {groups});
  return bias.defined() ? text : text + ", bias=false";
}

ConvTranspose2d::ConvTranspose2d(std::int64_t in_channels, std::int64_t out_channels,
    const Shape& kernel_size, const ConvTranspose2dOptions& options, CallSite site) {
  constexpr const char* op = "conv_transpose2d";
  const Call call(op, site);
  groups = options.groups;
  check_channels(op, in_channels, out_channels, groups, options.dtype, options.device);
  const Shape kernel = autograd::pair_of(op, "kernel_size", kernel_size, 1);
  stride = autograd::pair_of(op, "stride", options.stride, 1);
  padding = autograd::pair_of(op, "padding", options.padding, 0);
  output_padding = autograd::pair_of(op, "output_padding", options.output_padding, 0);
  dilation = autograd::pair_of(op, "dilation", options.dilation, 1);
  make_parameters(op, weight, {in_channels, out_channels / groups, kernel[0], kernel[1]}, bias, options.bias,
      out_channels, {.dtype = options.dtype, .device = options.device, .requires_grad = true});
}

Tensor ConvTranspose2d::forward(const Tensor& x, CallSite site) const {
  return conv_transpose2d(x, weight, bias,
      {.stride = stride,
          .padding = padding,
          .output_padding = output_padding,
          .groups = groups,
          .dilation = dilation},
      site);
}

void ConvTranspose2d::visit(Visitor& visitor) {
  visitor("weight", weight);
  visitor("bias", bias);
}

std::string ConvTranspose2d::extra_repr() const {
  const Shape& sizes = weight.shape();
  std::string text = tenon::detail::format("{}, {}, kernel_size={}, stride={}",
      {sizes[0], sizes[1] * groups, detail::tuple({sizes[2], sizes[3]}), detail::tuple(stride)});
  if (padding != Shape{0, 0}) text += ", padding=" + detail::tuple(padding);
  if (dilation != Shape{1, 1}) text += ", dilation=" + detail::tuple(dilation);
  if (output_padding != Shape{0, 0}) text += ", output_padding=" + detail::tuple(output_padding);
  if (groups != 1) text += tenon::detail::format(", groups={}", {groups});
  return bias.defined() ? text : text + ", bias=false";
}

}  // namespace tenon::nn
