// Operations on shapes. The result is a view of the same bytes unless noted. Negative dimensions count from
// the end.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon {

/// The same elements, row-major, in another shape; one size may be -1. Copies if strides cannot express the
/// result.
TENON_API Tensor reshape(const Tensor& a, const Shape& shape, CallSite site = CallSite::current());
/// Dimensions [start_dim, end_dim] merged into one.
TENON_API Tensor flatten(const Tensor& a, std::int64_t start_dim = 0, std::int64_t end_dim = -1,
    CallSite site = CallSite::current());
/// Elements [start, start + length) of a dimension.
TENON_API Tensor narrow(const Tensor& a, std::int64_t dim, std::int64_t start, std::int64_t length,
    CallSite site = CallSite::current());
/// One index of a dimension, which disappears.
TENON_API Tensor select(
    const Tensor& a, std::int64_t dim, std::int64_t index, CallSite site = CallSite::current());
/// A range of a dimension with a positive step; bounds are clamped as in Python.
TENON_API Tensor slice(
    const Tensor& a, std::int64_t dim, const SliceRange& range, CallSite site = CallSite::current());
/// Dimensions of size 1 repeated; -1 keeps a size, and new dimensions are added at the front.
TENON_API Tensor expand(const Tensor& a, const Shape& shape, CallSite site = CallSite::current());
TENON_API Tensor unsqueeze(const Tensor& a, std::int64_t dim, CallSite site = CallSite::current());
/// Removes all dimensions of size 1, or the given one if it has size 1.
TENON_API Tensor squeeze(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor squeeze(const Tensor& a, std::int64_t dim, CallSite site = CallSite::current());
TENON_API Tensor transpose(
    const Tensor& a, std::int64_t dim0, std::int64_t dim1, CallSite site = CallSite::current());
/// transpose(0, 1) of a matrix; a vector or 0-dimensional tensor is unchanged.
TENON_API Tensor t(const Tensor& a, CallSite site = CallSite::current());
/// Dimension i of the result is dimension dims[i] of a.
TENON_API Tensor permute(const Tensor& a, const Shape& dims, CallSite site = CallSite::current());
/// A dimension cut into parts: split(a, 2) into parts of two elements, the last of which may have fewer;
/// split(a, {1, 3}) into parts of these sizes, which must cover it.
TENON_API std::vector<Tensor> split(
    const Tensor& a, const SplitSizes& sizes, std::int64_t dim = 0, CallSite site = CallSite::current());
/// A dimension cut into at most `chunks` parts: of equal size, but the last may have fewer elements.
TENON_API std::vector<Tensor> chunk(
    const Tensor& a, std::int64_t chunks, std::int64_t dim = 0, CallSite site = CallSite::current());
/// select() for each index of a dimension.
TENON_API std::vector<Tensor> unbind(
    const Tensor& a, std::int64_t dim = 0, CallSite site = CallSite::current());
/// New tensor: joined along an existing dimension; the other sizes must agree.
TENON_API Tensor cat(
    const std::vector<Tensor>& tensors, std::int64_t dim = 0, CallSite site = CallSite::current());
/// New tensor: joined along a new dimension; all sizes must agree.
TENON_API Tensor stack(
    const std::vector<Tensor>& tensors, std::int64_t dim = 0, CallSite site = CallSite::current());

}  // namespace tenon
