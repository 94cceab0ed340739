// Activation functions.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon {

/// max(a, 0); its gradient at 0 is 0.
TENON_API Tensor relu(const Tensor& a, CallSite site = CallSite::current());
/// a > 0 ? a : negative_slope a
TENON_API Tensor leaky_relu(
    const Tensor& a, double negative_slope = 0.01, CallSite site = CallSite::current());
/// a > 0 ? a : alpha (exp(a) - 1)
TENON_API Tensor elu(const Tensor& a, double alpha = 1, CallSite site = CallSite::current());
/// scale elu(a, alpha) with scale = 1.0507009873554805 and alpha = 1.6732632423543772 (Klambauer et al.,
/// "Self-Normalizing Neural Networks")
TENON_API Tensor selu(const Tensor& a, CallSite site = CallSite::current());
/// a sigmoid(a)
TENON_API Tensor silu(const Tensor& a, CallSite site = CallSite::current());

enum class GeluApproximate { none, tanh };
/// a Phi(a), Phi the distribution function of the standard normal distribution: a (1 + erf(a / sqrt(2))) / 2.
/// The approximation is a (1 + tanh(sqrt(2 / pi) (a + 0.044715 a^3))) / 2.
TENON_API Tensor gelu(const Tensor& a, GeluApproximate approximate = GeluApproximate::none,
    CallSite site = CallSite::current());
/// log(1 + exp(beta a)) / beta, and a itself where beta a > threshold. beta must be finite and not 0.
TENON_API Tensor softplus(
    const Tensor& a, double beta = 1, double threshold = 20, CallSite site = CallSite::current());
/// a limited to [min_val, max_val], like clamp; but the gradient is 0 at the bounds too.
TENON_API Tensor hardtanh(
    const Tensor& a, double min_val = -1, double max_val = 1, CallSite site = CallSite::current());

}  // namespace tenon
