// Copies with elements repeated, moved or replaced. Negative dimensions count from the end.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon {

/// repeats[i] copies along each dimension i; with more numbers than dimensions, new ones are added at the
/// front.
TENON_API Tensor repeat(const Tensor& a, const Shape& repeats, CallSite site = CallSite::current());
/// The order of the elements reversed in these dimensions.
TENON_API Tensor flip(const Tensor& a, const Shape& dims, CallSite site = CallSite::current());
/// Elements moved by shifts[i] along dims[i], those beyond the end to the start. Without `dims`, one shift of
/// all elements in row-major order.
TENON_API Tensor roll(
    const Tensor& a, const Shape& shifts, const Shape& dims = {}, CallSite site = CallSite::current());
/// The matrix, or each matrix of the last two dimensions, with zeros above (triu: below) a diagonal: 0 is the
/// main one, larger numbers are above it.
TENON_API Tensor tril(const Tensor& a, std::int64_t diagonal = 0, CallSite site = CallSite::current());
TENON_API Tensor triu(const Tensor& a, std::int64_t diagonal = 0, CallSite site = CallSite::current());
/// A diagonal of a matrix; of a vector, the square matrix with zeros around that diagonal.
TENON_API Tensor diag(const Tensor& a, std::int64_t diagonal = 0, CallSite site = CallSite::current());
/// a with slice(a, dim, range) replaced by `source`, which has its shape.
TENON_API Tensor slice_scatter(const Tensor& a, const Tensor& source, std::int64_t dim,
    const SliceRange& range, CallSite site = CallSite::current());
/// a with select(a, dim, index) replaced by `source`, which has its shape.
TENON_API Tensor select_scatter(const Tensor& a, const Tensor& source, std::int64_t dim, std::int64_t index,
    CallSite site = CallSite::current());

}  // namespace tenon
