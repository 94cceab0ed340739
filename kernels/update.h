// The fused steps of the optimizers: every parameter of every group, each with its own options, in one call.
#pragma once
#include <array>
#include <cmath>
#include <span>

#include <tenon/kernels/arith/update.h>
#include <tenon/kernels/operand.h>

namespace tenon::kernels {

// Each item is one parameter, with its dense arrays and its options. step_of() gives the options in the
// element type, and states_of() the arrays of the state: first those that are present, then null.

struct SgdItem {
  void* param;
  const void* grad;
  void* momentum_buffer;  // null when momentum is 0
  std::int64_t n;
  double lr, momentum, dampening, weight_decay;
  bool nesterov, maximize;
  bool first_step;  // the buffer is set to the gradient, without dampening
};

template <class T>
arith::Sgd<T> step_of(const SgdItem& item) {
  return {static_cast<T>(item.lr), static_cast<T>(item.weight_decay), static_cast<T>(item.momentum),
      static_cast<T>(1 - item.dampening), item.nesterov, item.maximize, item.first_step};
}
inline std::array<void*, 1> states_of(const SgdItem& item) { return {item.momentum_buffer}; }

/// `step` counts from 1. `decoupled` is AdamW's decay.
struct AdamItem {
  void* param;
  const void* grad;
  void *exp_avg, *exp_avg_sq;
  void* max_exp_avg_sq;  // null without amsgrad
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

template <class T>
arith::Adam<T> step_of(const AdamItem& item) {
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
inline std::array<void*, 3> states_of(const AdamItem& item) {
  return {item.exp_avg, item.exp_avg_sq, item.max_exp_avg_sq};
}

struct RmsPropItem {
  void* param;
  const void* grad;
  void* square_avg;
  void* grad_avg;         // null unless centered
  void* momentum_buffer;  // null when momentum is 0
  std::int64_t n;
  double lr, alpha, eps, weight_decay, momentum;
  bool maximize;
};

template <class T>
arith::RmsProp<T> step_of(const RmsPropItem& item) {
  return {.lr = static_cast<T>(item.lr),
      .decay = static_cast<T>(item.weight_decay),
      .alpha = static_cast<T>(item.alpha),
      .fresh = static_cast<T>(1 - item.alpha),
      .eps = static_cast<T>(item.eps),
      .momentum = static_cast<T>(item.momentum),
      .centered = item.grad_avg != nullptr,
      .maximize = item.maximize};
}
inline std::array<void*, 3> states_of(const RmsPropItem& item) {
  if (!item.grad_avg) return {item.square_avg, item.momentum_buffer, nullptr};
  return {item.square_avg, item.grad_avg, item.momentum_buffer};
}

/// `step` counts from 1.
struct AdagradItem {
  void* param;
  const void* grad;
  void* sum;
  std::int64_t n, step;
  double lr, lr_decay, eps, weight_decay;
  bool maximize;
};

template <class T>
arith::Adagrad<T> step_of(const AdagradItem& item) {
  return {.size = static_cast<T>(item.lr / (1 + static_cast<double>(item.step - 1) * item.lr_decay)),
      .decay = static_cast<T>(item.weight_decay),
      .eps = static_cast<T>(item.eps),
      .maximize = item.maximize};
}
inline std::array<void*, 1> states_of(const AdagradItem& item) { return {item.sum}; }

/// Applies the formula of docs/numerics.md section 4 to each item. Never writes a gradient.
void sgd(Stream stream, DType dtype, std::span<const SgdItem> items);
void adam(Stream stream, DType dtype, std::span<const AdamItem> items);
void rmsprop(Stream stream, DType dtype, std::span<const RmsPropItem> items);
void adagrad(Stream stream, DType dtype, std::span<const AdagradItem> items);

// The implementations per device; on CUDA in one launch.
namespace cpu {
decltype(kernels::sgd) sgd;
decltype(kernels::adam) adam;
decltype(kernels::rmsprop) rmsprop;
decltype(kernels::adagrad) adagrad;
}  // namespace cpu
namespace cuda {
decltype(kernels::sgd) sgd;
decltype(kernels::adam) adam;
decltype(kernels::rmsprop) rmsprop;
decltype(kernels::adagrad) adagrad;
}  // namespace cuda

}  // namespace tenon::kernels
