// What the steps of optimizers share. Private.
#pragma once
#include <tenon/autograd/tape/node.h>

namespace tenon::optim {

/// Null where there is none, as for a frozen parameter.
inline const Tensor* grad_of(const Tensor& param) {
  const autograd::Node* node = autograd::node_of(param);
  return node && node->grad.defined() ? &node->grad : nullptr;
}

/// Throws unless `grad` suits `param`, and one kernel call can take it and `first`.
[[gnu::always_inline]] inline void check_step(const Tensor& first, const Tensor& param, const Tensor& grad) {
  check(param.dtype() == first.dtype() && param.device() == first.device(),
      "step: parameters differ in kind; {} on {}, and {} on {}", first.dtype(), first.device(), param.dtype(),
      param.device());
  check(grad.shape() == param.shape() && grad.dtype() == param.dtype() && grad.device() == param.device(),
      "step: a gradient is {} {} on {}, its parameter {} {} on {}", grad.dtype(), grad.shape(), grad.device(),
      param.dtype(), param.shape(), param.device());
  check(grad.is_contiguous() && param.is_contiguous(),
      "step: a parameter of shape {} or its gradient is not contiguous", param.shape());
}

/// A tensor of the state in the dtype and on the device of its parameter; the module may have moved.
inline Tensor converted(const Tensor& tensor, const Tensor& param) {
  return tensor.to(param.dtype()).to(param.device());
}

}  // namespace tenon::optim
