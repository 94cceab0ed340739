#include <tenon/nn/convolution.h>

#include <cmath>

#include <tenon/autograd/ops/windows.h>
#include <tenon/core/call.h>
#include <tenon/nn/init.h>
#include <tenon/nn/tuple.h>

namespace tenon::nn {

Conv2d::Conv2d(std::int64_t in_channels, std::int64_t out_channels, const Shape& kernel_size,
    const Conv2dOptions& options, CallSite site) {
  const Call call("conv2d", site);
  check(in_channels >= 0 && out_channels >= 0, "conv2d: sizes must not be negative; they are {} and {}",
      in_channels, out_channels);
  groups = options.groups;
  check(groups > 0 && in_channels % groups == 0 && out_channels % groups == 0,
      "conv2d: the groups must divide the channels; there are {} groups, {} channels in and {} out", groups,
      in_channels, out_channels);
  check(is_floating_point(options.dtype), "conv2d: weights are floating-point numbers; the dtype is {}",
      options.dtype);
  check_available("conv2d", options.device);
  const Shape kernel = autograd::pair_of("conv2d", "kernel_size", kernel_size, 1);
  stride = autograd::pair_of("conv2d", "stride", options.stride, 1);
  padding = autograd::pair_of("conv2d", "padding", options.padding, 0);
  dilation = autograd::pair_of("conv2d", "dilation", options.dilation, 1);
  const Shape shape{out_channels, in_channels / groups, kernel[0], kernel[1]};
  checked_numel("conv2d", shape);
  const Options made{.dtype = options.dtype, .device = options.device, .requires_grad = true};
  weight = empty(shape, made);
  if (options.bias) bias = empty({out_channels}, made);
  const std::int64_t fan = in_channels / groups * kernel[0] * kernel[1];
  const double bound = fan > 0 ? 1 / std::sqrt(static_cast<double>(fan)) : 0;
  // After all allocations: constructing a layer that fails must not consume random numbers.
  init::uniform_(weight, -bound, bound);
  if (options.bias) init::uniform_(bias, -bound, bound);
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

}  // namespace tenon::nn
