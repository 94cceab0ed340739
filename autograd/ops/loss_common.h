// What the losses share.
#pragma once
#include <tenon/autograd/ops/common.h>

namespace tenon::autograd {

inline void check_reduction(const char* op, Reduction reduction) {
  check(reduction != Reduction::batchmean, "{}: batchmean is a reduction of kl_div only", op);
}

/// For losses of tensors of the same shape. Those whose mean is over all elements need some.
inline void check_loss(const char* op, const Tensor& input, const Tensor& target, Reduction reduction) {
  check(input.shape() == target.shape(), "{}: shapes differ; the input is {}, the target {}", op,
      input.shape(), target.shape());
  check_same_kind(op, input, target);
  const bool averages = reduction == Reduction::mean || reduction == Reduction::batchmean;
  check(!averages || input.numel() > 0, "{}: there are no elements to average; the shape is {}", op,
      input.shape());
}

/// Each element, or their mean or sum.
inline Tensor reduced(const Tensor& each, Reduction reduction) {
  return reduction == Reduction::none ? each : reduction == Reduction::mean ? mean(each) : sum(each);
}

}  // namespace tenon::autograd
