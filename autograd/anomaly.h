// The NaN check of anomaly mode (AnomalyGuard in tape/mode.h).
#pragma once
#include <tenon/core/tensor.h>

namespace tenon::autograd {

/// Checks every value of a floating-point tensor.
bool has_nan(const Tensor& tensor);

}  // namespace tenon::autograd
