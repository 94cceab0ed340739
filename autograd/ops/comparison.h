// Comparisons of elements and of whole tensors, and logic. None is differentiable.
#pragma once
#include <tenon/autograd/ops/located.h>

namespace tenon {

// Elementwise, with a boolean result. A comparison with NaN is false, except for !=.
TENON_API Tensor eq(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor eq(const Tensor& a, double b, CallSite site = CallSite::current());
TENON_API Tensor ne(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor ne(const Tensor& a, double b, CallSite site = CallSite::current());
TENON_API Tensor lt(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor lt(const Tensor& a, double b, CallSite site = CallSite::current());
TENON_API Tensor le(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor le(const Tensor& a, double b, CallSite site = CallSite::current());
TENON_API Tensor gt(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor gt(const Tensor& a, double b, CallSite site = CallSite::current());
TENON_API Tensor ge(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor ge(const Tensor& a, double b, CallSite site = CallSite::current());
// Of tensors of any dtype; integers and booleans are finite.
TENON_API Tensor isnan(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor isinf(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor isfinite(const Tensor& a, CallSite site = CallSite::current());
inline Tensor operator==(const autograd::Located& a, const autograd::Located& b) {
  return eq(a.tensor, b.tensor, a.site);
}
inline Tensor operator==(const autograd::Located& a, double b) { return eq(a.tensor, b, a.site); }
inline Tensor operator!=(const autograd::Located& a, const autograd::Located& b) {
  return ne(a.tensor, b.tensor, a.site);
}
inline Tensor operator!=(const autograd::Located& a, double b) { return ne(a.tensor, b, a.site); }
inline Tensor operator<(const autograd::Located& a, const autograd::Located& b) {
  return lt(a.tensor, b.tensor, a.site);
}
inline Tensor operator<(const autograd::Located& a, double b) { return lt(a.tensor, b, a.site); }
inline Tensor operator<=(const autograd::Located& a, const autograd::Located& b) {
  return le(a.tensor, b.tensor, a.site);
}
inline Tensor operator<=(const autograd::Located& a, double b) { return le(a.tensor, b, a.site); }
inline Tensor operator>(const autograd::Located& a, const autograd::Located& b) {
  return gt(a.tensor, b.tensor, a.site);
}
inline Tensor operator>(const autograd::Located& a, double b) { return gt(a.tensor, b, a.site); }
inline Tensor operator>=(const autograd::Located& a, const autograd::Located& b) {
  return ge(a.tensor, b.tensor, a.site);
}
inline Tensor operator>=(const autograd::Located& a, double b) { return ge(a.tensor, b, a.site); }
inline Tensor operator==(double a, const autograd::Located& b) { return eq(b.tensor, a, b.site); }
inline Tensor operator!=(double a, const autograd::Located& b) { return ne(b.tensor, a, b.site); }
inline Tensor operator<(double a, const autograd::Located& b) { return gt(b.tensor, a, b.site); }
inline Tensor operator<=(double a, const autograd::Located& b) { return ge(b.tensor, a, b.site); }
inline Tensor operator>(double a, const autograd::Located& b) { return lt(b.tensor, a, b.site); }
inline Tensor operator>=(double a, const autograd::Located& b) { return le(b.tensor, a, b.site); }

// Elementwise logic, with a boolean result. A number counts as true if it is not 0. Both operands of && and
// || are evaluated.
TENON_API Tensor logical_and(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor logical_or(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor logical_xor(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
TENON_API Tensor logical_not(const Tensor& a, CallSite site = CallSite::current());
inline Tensor operator&&(const autograd::Located& a, const autograd::Located& b) {
  return logical_and(a.tensor, b.tensor, a.site);
}
inline Tensor operator||(const autograd::Located& a, const autograd::Located& b) {
  return logical_or(a.tensor, b.tensor, a.site);
}
inline Tensor operator!(const autograd::Located& a) { return logical_not(a.tensor, a.site); }

/// True if shape, dtype and every element are equal; NaN equals nothing.
TENON_API bool equal(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
/// True if |a - b| <= atol + rtol |b| everywhere; NaN is close to nothing.
TENON_API bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8,
    CallSite site = CallSite::current());
/// True when shape, dtype and the bits of every element are the same, with any NaN the same as any other,
/// because docs/numerics.md does not define their bits; +0 and -0 differ. The tensors may be on different
/// devices; they are compared on the CPU.
TENON_API bool bitwise_equal(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());

}  // namespace tenon
