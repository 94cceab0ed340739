// Norms of vectors.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon {

/// sum(|a|^p)^(1/p) over all elements, over the dimensions named, or, if the list is empty, over all. For p =
/// infinity it is the largest of |a|, for -infinity the smallest; for p = 0 the number of elements that are
/// not 0. Floating point only. The gradient is 0 where PyTorch's is: of a norm that is 0, of p = 0, and for
/// |a| at 0.
TENON_API Tensor norm(const Tensor& a, double p = 2, CallSite site = CallSite::current());
TENON_API Tensor norm(
    const Tensor& a, double p, const Shape& dims, bool keepdim = false, CallSite site = CallSite::current());

}  // namespace tenon
