// The fused SGD step: every parameter of every group, each with its own options, in one call.
#pragma once
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

// The implementations per device; on CUDA in one launch.
namespace cpu {
decltype(kernels::sgd) sgd;
}
namespace cuda {
decltype(kernels::sgd) sgd;
}

}  // namespace tenon::kernels
