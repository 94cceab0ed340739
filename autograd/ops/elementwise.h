// Elementwise functions, and where().
#pragma once
#include <tenon/core/tensor.h>

namespace tenon {

TENON_API Tensor abs(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor exp(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor log(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor sqrt(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor sin(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor cos(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor tanh(const Tensor& a, CallSite site = CallSite::current());
/// 1 / (1 + exp(-a))
TENON_API Tensor sigmoid(const Tensor& a, CallSite site = CallSite::current());
/// max(a, 0); its gradient at 0 is 0.
TENON_API Tensor relu(const Tensor& a, CallSite site = CallSite::current());
/// a limited to [low, high]; requires low <= high. The gradient passes where low <= a <= high and is 0
/// elsewhere.
TENON_API Tensor clamp(const Tensor& a, double low, double high, CallSite site = CallSite::current());
/// condition ? a : b, elementwise; the condition is boolean and has no gradient.
TENON_API Tensor where(
    const Tensor& condition, const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor where(
    const Tensor& condition, const Tensor& a, double b, CallSite site = CallSite::current());
TENON_API Tensor where(
    const Tensor& condition, double a, const Tensor& b, CallSite site = CallSite::current());
/// Of two numbers: float32.
TENON_API Tensor where(const Tensor& condition, double a, double b, CallSite site = CallSite::current());

}  // namespace tenon
