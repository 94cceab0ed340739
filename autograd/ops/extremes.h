// The largest and the smallest elements, and where they are. Numbers only, and at least one element per
// result. NaN counts as the largest and as the smallest. Dimensions are one, a list of them, or, if the list
// is empty, all; they disappear or, with keepdim, have size 1.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon {

/// The largest element; +0 counts as larger than -0. Elements that tie share the gradient evenly.
TENON_API Tensor amax(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor amax(
    const Tensor& a, const Shape& dims, bool keepdim = false, CallSite site = CallSite::current());
/// The smallest element; -0 counts as smaller than +0. Elements that tie share the gradient evenly.
TENON_API Tensor amin(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor amin(
    const Tensor& a, const Shape& dims, bool keepdim = false, CallSite site = CallSite::current());

/// amax() and amin() of all elements, but where that is NaN, the elements that are NaN share the gradient.
TENON_API Tensor max(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor min(const Tensor& a, CallSite site = CallSite::current());
/// The elements at argmax(a, dim) and argmin(a, dim), and these indices:
/// `const auto [values, indices] = max(a, 1);`. Each value's gradient goes to the element at its index alone.
TENON_API ValuesAndIndices max(
    const Tensor& a, std::int64_t dim, bool keepdim = false, CallSite site = CallSite::current());
TENON_API ValuesAndIndices min(
    const Tensor& a, std::int64_t dim, bool keepdim = false, CallSite site = CallSite::current());

/// The index (int64) of the largest or smallest element, in row-major order of all elements or along `dim`.
/// The first one of equal elements, which +0 and -0 are, or the first NaN. Not differentiable.
TENON_API Tensor argmax(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor argmax(
    const Tensor& a, std::int64_t dim, bool keepdim = false, CallSite site = CallSite::current());
TENON_API Tensor argmin(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor argmin(
    const Tensor& a, std::int64_t dim, bool keepdim = false, CallSite site = CallSite::current());

}  // namespace tenon
