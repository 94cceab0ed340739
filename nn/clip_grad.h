// Clipping of gradients, between backward() and step().
#pragma once
#include <vector>

#include <tenon/core/tensor.h>

namespace tenon::nn::utils {

/// Scales the gradients of `parameters` in place so that their common norm, as if they were one vector, is
/// about `max_norm` if it was larger, and returns the norm before the scaling, a 0-dimensional tensor:
///
///     total = (sum of |g|^p)^(1 / p), the largest |g| for p = infinity          p = norm_type
///     g     = g * min(max_norm / (total + 1e-6), 1)
///
/// This is PyTorch's formula (Pascanu et al., arXiv:1211.5063): each tensor's norm first, then the norm of
/// these. Nothing waits for the device unless `error_if_nonfinite` is set. A parameter without a gradient is
/// left out; with no gradient at all the norm is 0.
///
/// If the norm is infinite or NaN, the gradients become 0 or NaN, as in PyTorch; with `error_if_nonfinite` it
/// is an error, and they stay as they were. Throws if max_norm is negative or NaN, norm_type is not positive,
/// a parameter is undefined or given twice, or gradients differ in dtype or device.
TENON_API Tensor clip_grad_norm_(const std::vector<Tensor>& parameters, double max_norm, double norm_type = 2,
    bool error_if_nonfinite = false);

/// Clamps every element of the gradients of `parameters` to [-clip_value, clip_value], in place. A parameter
/// without a gradient is left out. Throws if clip_value is negative or NaN, or a parameter is undefined or
/// given twice.
TENON_API void clip_grad_value_(const std::vector<Tensor>& parameters, double clip_value);

}  // namespace tenon::nn::utils
