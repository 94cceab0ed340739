#include <tenon/nn/linear.h>

#include <cmath>

#include <tenon/core/call.h>
#include <tenon/nn/init.h>

namespace tenon::nn {

Linear::Linear(
    std::int64_t in_features, std::int64_t out_features, const LinearOptions& options, CallSite site) {
  const Call call("linear", site);
  check(in_features >= 0 && out_features >= 0, "linear: sizes must not be negative; they are {} and {}",
      in_features, out_features);
  check(is_floating_point(options.dtype), "linear: weights are floating-point numbers; the dtype is {}",
      options.dtype);
  check_available("linear", options.device);
  checked_numel("linear", {out_features, in_features});
  const Options made{.dtype = options.dtype, .device = options.device, .requires_grad = true};
  weight = empty({out_features, in_features}, made);
  if (options.bias) bias = empty({out_features}, made);
  const double bound = in_features > 0 ? 1 / std::sqrt(static_cast<double>(in_features)) : 0;
  // After all allocations: constructing a layer that fails must not consume random numbers.
  init::uniform_(weight, -bound, bound);
  if (options.bias) init::uniform_(bias, -bound, bound);
}

void Linear::visit(Visitor& visitor) {
  visitor("weight", weight);
  visitor("bias", bias);
}

std::string Linear::extra_repr() const {
  return tenon::detail::format(
      "in_features={}, out_features={}, bias={}", {weight.size(1), weight.size(0), bias.defined()});
}

}  // namespace tenon::nn
