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

/// The largest element, NaN if there is one; +0 counts as larger than -0. Not boolean; at least one element
/// per result. Elements that tie share the gradient evenly, as in PyTorch.
TENON_API Tensor amax(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor amax(
    const Tensor& a, const Shape& dims, bool keepdim = false, CallSite site = CallSite::current());

/// The index (int64) of the largest element: in row-major order of all elements, or along `dim`, which then
/// disappears or, with keepdim, has size 1. The first one of equal elements; NaN counts as the largest. Not
/// boolean; not differentiable.
TENON_API Tensor argmax(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor argmax(
    const Tensor& a, std::int64_t dim, bool keepdim = false, CallSite site = CallSite::current());

}  // namespace tenon
