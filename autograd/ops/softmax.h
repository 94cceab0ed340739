// Exponentials of a dimension, divided by their sum, and the logarithms of both. Floating point only; each
// needs at least one element in the dimension. The largest element is subtracted first, so no exponential
// overflows.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon {

/// exp(a) / sum(exp(a)) along `dim`, with a's shape.
TENON_API Tensor softmax(const Tensor& a, std::int64_t dim, CallSite site = CallSite::current());
/// log(softmax(a, dim)), but exact where softmax underflows: a - max - log(sum(exp(a - max))).
TENON_API Tensor log_softmax(const Tensor& a, std::int64_t dim, CallSite site = CallSite::current());
/// log(sum(exp(a))) along `dim`, which disappears or, with keepdim, has size 1.
TENON_API Tensor logsumexp(
    const Tensor& a, std::int64_t dim, bool keepdim = false, CallSite site = CallSite::current());

}  // namespace tenon
