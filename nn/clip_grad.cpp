#include <tenon/nn/clip_grad.h>

#include <cmath>
#include <unordered_set>

#include <tenon/autograd/ops/common.h>

namespace tenon::nn::utils {

namespace {

/// The gradients there are, without their history. A gradient that could not be written throws here, before
/// the first is.
std::vector<Tensor> gradients(const char* op, const std::vector<Tensor>& parameters) {
  std::unordered_set<const TensorImpl*> seen;
  std::vector<Tensor> grads;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    check(parameters[i].defined(), "{}: parameter {} is undefined", op, i);
    check(seen.insert(&parameters[i].impl()).second, "{}: parameter {} is given twice", op, i);
    const Tensor grad = parameters[i].grad();
    if (!grad.defined()) continue;
    check(!autograd::repeats_elements(grad),
        "{}: elements of the gradient of parameter {}, of shape {}, share memory; clone() it first", op, i,
        grad.shape());
    grads.push_back(grad.detach());
  }
  return grads;
}

/// The norm of all elements, a 0-dimensional tensor.
Tensor norm_of(const Tensor& a, double p) { return a.numel() == 0 ? zeros({}, a.options()) : norm(a, p); }

}  // namespace

Tensor clip_grad_norm_(
    const std::vector<Tensor>& parameters, double max_norm, double norm_type, bool error_if_nonfinite) {
  constexpr const char* op = "clip_grad_norm_";
  check(max_norm >= 0, "clip_grad_norm_: max_norm must not be negative; it is {}", max_norm);
  check(norm_type > 0, "clip_grad_norm_: norm_type must be positive or infinity; it is {}", norm_type);
  const NoGradGuard no_grad;
  const std::vector<Tensor> grads = gradients(op, parameters);
  if (grads.empty()) return zeros({});
  std::vector<Tensor> norms;
  for (const Tensor& grad : grads) {
    autograd::check_same_kind(op, grads[0], grad);
    norms.push_back(norm_of(grad, norm_type));
  }
  const Tensor total = norms.size() == 1 ? norms[0] : norm_of(stack(norms), norm_type);
  if (error_if_nonfinite)
    check(std::isfinite(total.item<double>()),
        "clip_grad_norm_: the norm of the gradients is {}, so they cannot be clipped", total.item<double>());
  // Multiplied even where the factor is 1, which changes no bit: to look at it would wait for the device.
  const Tensor factor = clamp(max_norm / (total + 1e-6), 0, 1);
  for (const Tensor& grad : grads) grad.mul_(factor);
  return total;
}

void clip_grad_value_(const std::vector<Tensor>& parameters, double clip_value) {
  check(clip_value >= 0, "clip_grad_value_: clip_value must not be negative; it is {}", clip_value);
  const NoGradGuard no_grad;
  const std::vector<Tensor> grads = gradients("clip_grad_value_", parameters);
  std::vector<Tensor> clamped;
  for (const Tensor& grad : grads) clamped.push_back(clamp(grad, -clip_value, clip_value));
  for (std::size_t i = 0; i < grads.size(); ++i) grads[i].copy_(clamped[i]);
}

}  // namespace tenon::nn::utils
