// Normalisation: elements minus their mean, divided by their standard deviation. Floating point only. The
// variance is that of the elements themselves (divided by their number), and eps is added to it.
#pragma once
#include <optional>

#include <tenon/core/tensor.h>

namespace tenon {

/// Over the last dimensions, whose sizes are `normalized_shape` (Ba et al., arXiv:1607.06450):
///
///     (a - mean) / sqrt(variance + eps) * weight + bias
///
/// Weight and bias have the shape `normalized_shape` and may be undefined.
TENON_API Tensor layer_norm(const Tensor& a, const Shape& normalized_shape, const Tensor& weight = {},
    const Tensor& bias = {}, double eps = 1e-5, CallSite site = CallSite::current());

/// The same without the mean (Zhang and Sennrich, arXiv:1910.07467): a / sqrt(mean of a^2 + eps) * weight.
/// Without a value, eps is the distance from 1 to the next number of the dtype.
TENON_API Tensor rms_norm(const Tensor& a, const Shape& normalized_shape, const Tensor& weight = {},
    std::optional<double> eps = {}, CallSite site = CallSite::current());

/// For each channel of `a`, [N, C] or [N, C, ...] (Ioffe and Szegedy, arXiv:1502.03167):
///
///     (a - mean) / sqrt(variance + eps) * weight + bias
///
/// All other tensors have the shape [C] and may be undefined. Given `training`, mean and variance are those
/// of `a`, which needs at least two elements per channel, and the running ones change in place:
///
///     running = (1 - momentum) * running + momentum * of_a      the variance times n / (n - 1)
///
/// Otherwise they are the running ones, which are constants.
TENON_API Tensor batch_norm(const Tensor& a, const Tensor& running_mean, const Tensor& running_var,
    const Tensor& weight = {}, const Tensor& bias = {}, bool training = false, double momentum = 0.1,
    double eps = 1e-5, CallSite site = CallSite::current());

}  // namespace tenon
