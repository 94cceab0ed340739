#include <tenon/nn/pooling.h>

#include <tenon/autograd/ops/windows.h>
#include <tenon/core/call.h>
#include <tenon/nn/tuple.h>

namespace tenon::nn {

namespace {

/// `2`, or `(2, 3)` where height and width differ.
std::string text(const Shape& size) {
  return size.rank() == 1 || size[0] == size[1] ? std::to_string(size[0]) : detail::tuple(size);
}

/// Checks what layers take, and gives the stride its default.
template <class Options>
Options checked(const char* op, const Shape& kernel_size, Options options) {
  autograd::pair_of(op, "kernel_size", kernel_size, 1);
  if (options.stride.rank() == 0) options.stride = kernel_size;
  autograd::pair_of(op, "stride", options.stride, 1);
  autograd::pair_of(op, "padding", options.padding, 0);
  return options;
}

}  // namespace

MaxPool2d::MaxPool2d(const Shape& size, const MaxPool2dOptions& given, CallSite site) : kernel_size(size) {
  const Call call("max_pool2d", site);
  options = checked("max_pool2d", size, given);
  autograd::pair_of("max_pool2d", "dilation", options.dilation, 1);
}

Tensor MaxPool2d::forward(const Tensor& x, CallSite site) const {
  return max_pool2d(x, kernel_size, options, site);
}

std::string MaxPool2d::extra_repr() const {
  return tenon::detail::format("kernel_size={}, stride={}, padding={}, dilation={}, ceil_mode={}",
      {text(kernel_size), text(options.stride), text(options.padding), text(options.dilation),
          options.ceil_mode});
}

AvgPool2d::AvgPool2d(const Shape& size, const AvgPool2dOptions& given, CallSite site) : kernel_size(size) {
  const Call call("avg_pool2d", site);
  options = checked("avg_pool2d", size, given);
}

Tensor AvgPool2d::forward(const Tensor& x, CallSite site) const {
  return avg_pool2d(x, kernel_size, options, site);
}

std::string AvgPool2d::extra_repr() const {
  return tenon::detail::format("kernel_size={}, stride={}, padding={}",
      {text(kernel_size), text(options.stride), text(options.padding)});
}

AdaptiveAvgPool2d::AdaptiveAvgPool2d(const Shape& size, CallSite site) : output_size(size) {
  const Call call("adaptive_avg_pool2d", site);
  autograd::pair_of("adaptive_avg_pool2d", "output_size", size, 1);
}

Tensor AdaptiveAvgPool2d::forward(const Tensor& x, CallSite site) const {
  return adaptive_avg_pool2d(x, output_size, site);
}

std::string AdaptiveAvgPool2d::extra_repr() const { return "output_size=" + text(output_size); }

}  // namespace tenon::nn
