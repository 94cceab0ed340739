// Elementwise arithmetic of two and three operands. Tensors broadcast as in NumPy.
#pragma once
#include <tenon/autograd/ops/located.h>

namespace tenon {

TENON_API Tensor add(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor add(const Tensor& a, double b, CallSite site = CallSite::current());
TENON_API Tensor sub(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor sub(const Tensor& a, double b, CallSite site = CallSite::current());
TENON_API Tensor sub(double a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor mul(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor mul(const Tensor& a, double b, CallSite site = CallSite::current());
/// Floating point only.
TENON_API Tensor div(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor div(const Tensor& a, double b, CallSite site = CallSite::current());
TENON_API Tensor div(double a, const Tensor& b, CallSite site = CallSite::current());
inline Tensor operator+(const autograd::Located& a, const Tensor& b) { return add(a.tensor, b, a.site); }
inline Tensor operator+(const autograd::Located& a, double b) { return add(a.tensor, b, a.site); }
inline Tensor operator+(double a, const autograd::Located& b) { return add(b.tensor, a, b.site); }
inline Tensor operator-(const autograd::Located& a, const Tensor& b) { return sub(a.tensor, b, a.site); }
inline Tensor operator-(const autograd::Located& a, double b) { return sub(a.tensor, b, a.site); }
inline Tensor operator-(double a, const autograd::Located& b) { return sub(a, b.tensor, b.site); }
inline Tensor operator*(const autograd::Located& a, const Tensor& b) { return mul(a.tensor, b, a.site); }
inline Tensor operator*(const autograd::Located& a, double b) { return mul(a.tensor, b, a.site); }
inline Tensor operator*(double a, const autograd::Located& b) { return mul(b.tensor, a, b.site); }
inline Tensor operator/(const autograd::Located& a, const Tensor& b) { return div(a.tensor, b, a.site); }
inline Tensor operator/(const autograd::Located& a, double b) { return div(a.tensor, b, a.site); }
inline Tensor operator/(double a, const autograd::Located& b) { return div(a, b.tensor, b.site); }
inline const Tensor& operator+=(const autograd::Located& a, const Tensor& b) {
  return a.tensor.add_(b, a.site);
}
inline const Tensor& operator+=(const autograd::Located& a, double b) { return a.tensor.add_(b, a.site); }
inline const Tensor& operator-=(const autograd::Located& a, const Tensor& b) {
  return a.tensor.sub_(b, a.site);
}
inline const Tensor& operator-=(const autograd::Located& a, double b) { return a.tensor.sub_(b, a.site); }
inline const Tensor& operator*=(const autograd::Located& a, const Tensor& b) {
  return a.tensor.mul_(b, a.site);
}
inline const Tensor& operator*=(const autograd::Located& a, double b) { return a.tensor.mul_(b, a.site); }
inline const Tensor& operator/=(const autograd::Located& a, const Tensor& b) {
  return a.tensor.div_(b, a.site);
}
inline const Tensor& operator/=(const autograd::Located& a, double b) { return a.tensor.div_(b, a.site); }

TENON_API Tensor neg(const Tensor& a, CallSite site = CallSite::current());
inline Tensor operator-(const autograd::Located& a) { return neg(a.tensor, a.site); }

/// a to the power of the exponent. The gradient with respect to the exponent requires a > 0; where a is 0 and
/// the exponent is not negative, it is 0.
TENON_API Tensor pow(const Tensor& a, double exponent, CallSite site = CallSite::current());
TENON_API Tensor pow(const Tensor& a, const Tensor& exponent, CallSite site = CallSite::current());
TENON_API Tensor pow(double a, const Tensor& exponent, CallSite site = CallSite::current());
/// The larger of two elements, NaN if either is NaN. Equal elements share the gradient evenly.
TENON_API Tensor maximum(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor maximum(const Tensor& a, double b, CallSite site = CallSite::current());
TENON_API Tensor maximum(double a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor minimum(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor minimum(const Tensor& a, double b, CallSite site = CallSite::current());
TENON_API Tensor minimum(double a, const Tensor& b, CallSite site = CallSite::current());

/// sqrt(a^2 + b^2), without overflow or underflow on the way
TENON_API Tensor hypot(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
/// The angle of the point (b, a), in radians between -pi and pi, with C's special cases.
TENON_API Tensor atan2(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
// The exact remainder of a / b: fmod's has the sign of a, remainder's the sign of b (and one rounding if that
// changes it). Floating point only. NaN where b is 0.
TENON_API Tensor fmod(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor fmod(const Tensor& a, double b, CallSite site = CallSite::current());
TENON_API Tensor remainder(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor remainder(const Tensor& a, double b, CallSite site = CallSite::current());
/// start + weight (end - start); exactly start and end for the weights 0 and 1.
TENON_API Tensor lerp(
    const Tensor& start, const Tensor& end, const Tensor& weight, CallSite site = CallSite::current());
TENON_API Tensor lerp(
    const Tensor& start, const Tensor& end, double weight, CallSite site = CallSite::current());
/// a + value b c
TENON_API Tensor addcmul(
    const Tensor& a, const Tensor& b, const Tensor& c, double value = 1, CallSite site = CallSite::current());

}  // namespace tenon
