// The search for the operation that makes the first NaN (AnomalyGuard in tape/mode.h).
#pragma once
#include <tenon/core/tensor.h>

namespace tenon::autograd {

/// Looks at every value of a floating-point tensor.
bool has_nan(const Tensor& tensor);

}  // namespace tenon::autograd
