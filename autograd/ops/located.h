// The caller's line for operators.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon::autograd {

/// An operand of an operator, with the line of the expression.
struct Located {
  const Tensor& tensor;
  CallSite site;
  Located(const Tensor& operand, CallSite stands_at = CallSite::current())
      : tensor(operand), site(stands_at) {}
};

}  // namespace tenon::autograd
