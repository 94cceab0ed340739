// Matrix products.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon {

/// Matrix products, as in PyTorch: of [..., m, k] and [..., k, n], whose batch dimensions broadcast, [..., m,
/// n]. A vector a is one row, a vector b one column, and the result is without that dimension; two vectors
/// give their dot product. Each product of a batch has the bits that it has alone.
TENON_API Tensor matmul(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
/// Matrix product of [m, k] and [k, n].
TENON_API Tensor mm(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
/// Product of a matrix [m, k] and a vector [k].
TENON_API Tensor mv(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
/// Matrix products of [batch, m, k] and [batch, k, n]; nothing is broadcast.
TENON_API Tensor bmm(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
/// x weight^T + bias for x [..., in], weight [out, in] and bias [out], which may be undefined: [..., out].
TENON_API Tensor linear(
    const Tensor& x, const Tensor& weight, const Tensor& bias = {}, CallSite site = CallSite::current());
/// a[i] * b[j] for two vectors.
TENON_API Tensor outer(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());
/// The sum of a[i] * b[i] for two vectors of the same length. (autograd::dot draws the tape.)
TENON_API Tensor dot(const Tensor& a, const Tensor& b, CallSite site = CallSite::current());

}  // namespace tenon
