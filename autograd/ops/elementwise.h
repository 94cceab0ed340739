// Elementwise functions, and where().
#pragma once
#include <optional>

#include <tenon/core/tensor.h>

namespace tenon {

TENON_API Tensor abs(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor exp(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor log(const Tensor& a, CallSite site = CallSite::current());
/// exp(a) - 1, accurate near 0
TENON_API Tensor expm1(const Tensor& a, CallSite site = CallSite::current());
/// log(1 + a), accurate near 0
TENON_API Tensor log1p(const Tensor& a, CallSite site = CallSite::current());
/// 2 to the power of a
TENON_API Tensor exp2(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor log2(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor sqrt(const Tensor& a, CallSite site = CallSite::current());
/// 1 / sqrt(a)
TENON_API Tensor rsqrt(const Tensor& a, CallSite site = CallSite::current());
/// a^2
TENON_API Tensor square(const Tensor& a, CallSite site = CallSite::current());
/// 1 / a
TENON_API Tensor reciprocal(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor sin(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor cos(const Tensor& a, CallSite site = CallSite::current());
/// 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to a
TENON_API Tensor erf(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor tanh(const Tensor& a, CallSite site = CallSite::current());
/// 1 / (1 + exp(-a))
TENON_API Tensor sigmoid(const Tensor& a, CallSite site = CallSite::current());
/// -1, 0 or 1; NaN stays NaN. The gradient is 0.
TENON_API Tensor sign(const Tensor& a, CallSite site = CallSite::current());
// Whole numbers near a: not above it, not below it, the nearest one (the even one of two), not further from
// 0. The gradient is 0.
TENON_API Tensor floor(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor ceil(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor round(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor trunc(const Tensor& a, CallSite site = CallSite::current());
/// a limited to [low, high]; requires low <= high. The gradient passes where low <= a <= high and is 0
/// elsewhere.
TENON_API Tensor clamp(const Tensor& a, double low, double high, CallSite site = CallSite::current());
/// clamp() with one bound
TENON_API Tensor clamp_min(const Tensor& a, double low, CallSite site = CallSite::current());
TENON_API Tensor clamp_max(const Tensor& a, double high, CallSite site = CallSite::current());
/// a with NaN, infinity and -infinity replaced, by default with 0 and the largest and the lowest finite
/// number of the dtype. The gradient is 0 where a was replaced.
TENON_API Tensor nan_to_num(const Tensor& a, double nan = 0, std::optional<double> posinf = {},
    std::optional<double> neginf = {}, CallSite site = CallSite::current());
/// condition ? a : b, elementwise; the condition is boolean and has no gradient.
TENON_API Tensor where(
    const Tensor& condition, const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor where(
    const Tensor& condition, const Tensor& a, double b, CallSite site = CallSite::current());
TENON_API Tensor where(
    const Tensor& condition, double a, const Tensor& b, CallSite site = CallSite::current());
/// Of two numbers: float32.
TENON_API Tensor where(const Tensor& condition, double a, double b, CallSite site = CallSite::current());
/// mask ? value : a, elementwise; the mask is boolean and has no gradient. All broadcast.
TENON_API Tensor masked_fill(
    const Tensor& a, const Tensor& mask, double value, CallSite site = CallSite::current());
TENON_API Tensor masked_fill(
    const Tensor& a, const Tensor& mask, const Tensor& value, CallSite site = CallSite::current());

}  // namespace tenon
