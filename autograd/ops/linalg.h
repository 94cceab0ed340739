// Matrix products.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon {

/// Matrix product of [m, k] and [k, n].
TENON_API Tensor matmul(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
/// x weight^T + bias for x [batch, in], weight [out, in] and bias [out], which may be undefined.
TENON_API Tensor linear(
    const Tensor& x, const Tensor& weight, const Tensor& bias = {}, CallSite site = CallSite::current());
/// a[i] * b[j] for two vectors.
TENON_API Tensor outer(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
/// The sum of a[i] * b[i] for two vectors of the same length. (autograd::dot draws the tape.)
TENON_API Tensor dot(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());

}  // namespace tenon
