// Reductions over one dimension, a list of them, or, if the list is empty, all. The sum of booleans or
// integers is int64.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon {

TENON_API Tensor sum(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor sum(
    const Tensor& a, const Shape& dims, bool keepdim = false, CallSite site = CallSite::current());
/// Floating point only; requires at least one element per result.
TENON_API Tensor mean(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor mean(
    const Tensor& a, const Shape& dims, bool keepdim = false, CallSite site = CallSite::current());

/// The product of the elements, multiplied by halves (docs/numerics.md); of booleans or integers int64. The
/// gradients are right also where elements are 0.
TENON_API Tensor prod(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor prod(
    const Tensor& a, const Shape& dims, bool keepdim = false, CallSite site = CallSite::current());

/// Whether all elements, or any, are not 0 (so NaN counts): boolean, for any dtype. all() of nothing is true.
/// Not differentiable.
TENON_API Tensor all(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor all(
    const Tensor& a, const Shape& dims, bool keepdim = false, CallSite site = CallSite::current());
TENON_API Tensor any(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor any(
    const Tensor& a, const Shape& dims, bool keepdim = false, CallSite site = CallSite::current());

}  // namespace tenon
