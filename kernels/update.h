// The fused steps of the optimizers: every parameter of every group, each with its own options, in one call.
#pragma once
#include <cmath>
#include <span>

#include <tenon/kernels/arith/update.h>
#include <tenon/kernels/operand.h>

namespace tenon::kernels {

/// One parameter. `param`, `grad` and `momentum_buffer` are dense; the buffer is null when momentum is 0.
struct SgdItem {
  void* param;
  const void* grad;
  void* momentum_buffer;
  std::int64_t n;
  double lr, momentum, dampening, weight_decay;
  bool nesterov, maximize;
  bool first_step;  // the buffer is set to the gradient, without dampening
};

/// The options of an item, in the element type.
template <class T>
arith::Sgd<T> sgd_options(const SgdItem& item) {
  return {static_cast<T>(item.lr), static_cast<T>(item.weight_decay), static_cast<T>(item.momentum),
      static_cast<T>(1 - item.dampening), item.nesterov, item.maximize, item.first_step};
}

/// Applies the formula of docs/numerics.md section 4 to each item. Never writes a gradient.
void sgd(Stream stream, DType dtype, std::span<const SgdItem> items);

/// One parameter; all four arrays are dense. `step` counts from 1. `decoupled` is AdamW's decay.
struct AdamItem {
  void* param;
  const void* grad;
  void *exp_avg, *exp_avg_sq;
  std::int64_t n, step;
  double lr, beta1, beta2, eps, weight_decay;
  bool decoupled, maximize;
};

/// beta^step, with the same bits on every machine.
inline double power(double beta, std::int64_t step) {
  double result = 1;
  for (; step > 0; step /= 2, beta *= beta)
    if (step % 2 == 1) result *= beta;
  return result;
}

/// The options of an item, in the element type.
template <class T>
arith::Adam<T> adam_options(const AdamItem& item) {
  return {.decay = static_cast<T>(item.decoupled ? 0 : item.weight_decay),
      .shrink = static_cast<T>(item.decoupled ? 1 - item.lr * item.weight_decay : 1),
      .fresh1 = static_cast<T>(1 - item.beta1),
      .beta2 = static_cast<T>(item.beta2),
      .fresh2 = static_cast<T>(1 - item.beta2),
      .eps = static_cast<T>(item.eps),
      .size = static_cast<T>(item.lr / (1 - power(item.beta1, item.step))),
      .root = static_cast<T>(std::sqrt(1 - power(item.beta2, item.step))),
      .maximize = item.maximize};
}

/// The same for Adam and AdamW.
void adam(Stream stream, DType dtype, std::span<const AdamItem> items);

// The implementations per device; on CUDA in one launch.
namespace cpu {
decltype(kernels::sgd) sgd;
decltype(kernels::adam) adam;
}  // namespace cpu
namespace cuda {
decltype(kernels::sgd) sgd;
decltype(kernels::adam) adam;
}  // namespace cuda

}  // namespace tenon::kernels
