#include <tenon/nn/normalization.h>

#include <tenon/core/call.h>
#include <tenon/nn/tuple.h>

namespace tenon::nn {

using detail::tuple;
using tenon::detail::format;

namespace {

/// Checks what the constructors share.
void check_layer(const char* op, const Shape& shape, DType dtype) {
  check(is_floating_point(dtype), "{}: weights are floating-point numbers; the dtype is {}", op, dtype);
  check(shape.rank() > 0, "{}: normalized_shape names no dimension", op);
}

std::string text(const std::optional<double>& number) { return number ? format("{}", {*number}) : "none"; }

}  // namespace

LayerNorm::LayerNorm(const Shape& shape, const LayerNormOptions& options, CallSite site)
    : normalized_shape(shape), eps(options.eps) {
  const Call call("layer_norm", site);
  check_layer("layer_norm", shape, options.dtype);
  if (!options.elementwise_affine) return;
  const Options made{.dtype = options.dtype, .device = options.device, .requires_grad = true};
  weight = ones(shape, made);
  if (options.bias) bias = zeros(shape, made);
}

Tensor LayerNorm::forward(const Tensor& x, CallSite site) const {
  return layer_norm(x, normalized_shape, weight, bias, eps, site);
}

void LayerNorm::visit(Visitor& visitor) {
  visitor("weight", weight);
  visitor("bias", bias);
}

std::string LayerNorm::extra_repr() const {
  return format("{}, eps={}, elementwise_affine={}, bias={}",
      {tuple(normalized_shape), eps, weight.defined(), bias.defined()});
}

RMSNorm::RMSNorm(const Shape& shape, const RMSNormOptions& options, CallSite site)
    : normalized_shape(shape), eps(options.eps) {
  const Call call("rms_norm", site);
  check_layer("rms_norm", shape, options.dtype);
  if (options.elementwise_affine)
    weight = ones(shape, {.dtype = options.dtype, .device = options.device, .requires_grad = true});
}

Tensor RMSNorm::forward(const Tensor& x, CallSite site) const {
  return rms_norm(x, normalized_shape, weight, eps, site);
}

void RMSNorm::visit(Visitor& visitor) { visitor("weight", weight); }

std::string RMSNorm::extra_repr() const {
  return format("{}, eps={}, elementwise_affine={}", {tuple(normalized_shape), text(eps), weight.defined()});
}

BatchNorm::BatchNorm(std::int64_t features, const BatchNormOptions& options, int least, int most,
    const char* form, CallSite site)
    : num_features(features),
      eps(options.eps),
      momentum(options.momentum),
      least_(least),
      most_(most),
      form_(form) {
  const Call call("batch_norm", site);
  check_layer("batch_norm", features, options.dtype);
  check(!momentum || (*momentum >= 0 && *momentum <= 1),
      "batch_norm: the momentum must be in [0, 1]; it is {}", momentum.value_or(0));
  const Options buffer{.dtype = options.dtype, .device = options.device};
  Options parameter = buffer;
  parameter.requires_grad = true;
  if (options.affine) {
    weight = ones(features, parameter);
    bias = zeros(features, parameter);
  }
  if (options.track_running_stats) {
    running_mean = zeros(features, buffer);
    running_var = ones(features, buffer);
    num_batches_tracked = zeros({}, {.dtype = DType::int64, .device = options.device});
  }
}

Tensor BatchNorm::forward(const Tensor& x, CallSite site) const {
  const Call call("batch_norm", site);
  check(
      x.dim() >= least_ && x.dim() <= most_, "batch_norm: the input must be {}; it is {}", form_, x.shape());
  check(x.shape()[1] == num_features, "batch_norm: the layer has {} features; the input is {}", num_features,
      x.shape());
  const bool tracks = running_mean.defined();
  const bool of_x = is_training() || !tracks;
  if (!of_x || !tracks) return batch_norm(x, running_mean, running_var, weight, bias, of_x, 0, eps, site);
  // An average of n batches is that of n - 1 of them, mixed with a share of 1 / n of the last.
  const double share = momentum ? *momentum : 1 / (num_batches_tracked.item() + 1);
  Tensor out = batch_norm(x, running_mean, running_var, weight, bias, true, share, eps, site);
  const NoGradGuard no_grad;
  num_batches_tracked.add_(1);
  return out;
}

void BatchNorm::visit(Visitor& visitor) {
  visitor("weight", weight);
  visitor("bias", bias);
  visitor.buffer("running_mean", running_mean);
  visitor.buffer("running_var", running_var);
  visitor.buffer("num_batches_tracked", num_batches_tracked);
}

std::string BatchNorm::extra_repr() const {
  return format("{}, eps={}, momentum={}, affine={}, track_running_stats={}",
      {num_features, eps, text(momentum), weight.defined(), running_mean.defined()});
}

}  // namespace tenon::nn
