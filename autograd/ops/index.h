// Indexing with tensors. Negative dimensions count from the end.
#pragma once
#include <optional>

#include <tenon/core/tensor.h>

namespace tenon {

/// New tensor: the elements at the given indices (int64, one-dimensional, repeats allowed) of a dimension.
TENON_API Tensor index_select(
    const Tensor& a, std::int64_t dim, const Tensor& index, CallSite site = CallSite::current());
/// New tensor with the shape of `index` (int64, with as many dimensions as a, and no larger than a except in
/// `dim`): out[i][j] = a[index[i][j]][j] for dim = 0 in two dimensions.
TENON_API Tensor gather(
    const Tensor& a, std::int64_t dim, const Tensor& index, CallSite site = CallSite::current());
/// gather() of an index with as many dimensions as a, where both broadcast to each other except in `dim`;
/// without a dimension from a flattened, by an index of any shape, also flattened.
TENON_API Tensor take_along_dim(const Tensor& a, const Tensor& index, std::optional<std::int64_t> dim = {},
    CallSite site = CallSite::current());
/// New tensor: a, where alpha times slice i of `source` is added to slice index[i] of a dimension (int64,
/// one-dimensional, repeats allowed). Floating point or int64.
TENON_API Tensor index_add(const Tensor& a, std::int64_t dim, const Tensor& index, const Tensor& source,
    double alpha = 1, CallSite site = CallSite::current());
/// New tensor: a with out[index[i][j]][j] = src[i][j] for dim = 0 in two dimensions. `index` (int64) has as
/// many dimensions as a and src, and is no larger than src, nor than a except in `dim`. If an index repeats,
/// the last position counts.
TENON_API Tensor scatter(const Tensor& a, std::int64_t dim, const Tensor& index, const Tensor& src,
    CallSite site = CallSite::current());
TENON_API Tensor scatter(const Tensor& a, std::int64_t dim, const Tensor& index, double value,
    CallSite site = CallSite::current());
/// The same with the elements of src added, floating point or int64.
TENON_API Tensor scatter_add(const Tensor& a, std::int64_t dim, const Tensor& index, const Tensor& src,
    CallSite site = CallSite::current());
/// New tensor: the rows of a matrix `weight` at the given indices (int64, of any shape), with one dimension
/// more than `index`. The row `padding_idx`, which may count from the end, gets a gradient of zeros.
TENON_API Tensor embedding(const Tensor& index, const Tensor& weight,
    std::optional<std::int64_t> padding_idx = {}, CallSite site = CallSite::current());
/// int64, with one dimension more than `classes` (int64): 1 at the index of the class, else 0. -1 stands for
/// the largest class + 1. Waits for the device, to check the classes.
TENON_API Tensor one_hot(
    const Tensor& classes, std::int64_t num_classes = -1, CallSite site = CallSite::current());

/// int64 [count, dimensions]: where the elements that are not 0 stand, in row-major order. Waits for the
/// device.
TENON_API Tensor nonzero(const Tensor& a, CallSite site = CallSite::current());
/// New tensor, one-dimensional: the elements where the mask is true, in row-major order. The two broadcast.
/// Waits for the device.
TENON_API Tensor masked_select(const Tensor& a, const Tensor& mask, CallSite site = CallSite::current());

/// What PyTorch's brackets give: a.index({Slice(1, 3), 0, None, Ellipsis, rows, mask}) is
/// a[1:3, 0, None, ..., rows, mask].
///
/// Integers, slices, None and Ellipsis alone give a view. A tensor of int64 indices, which may count from the
/// end, selects from one dimension, and a mask, which counts as the list of the places where it is true, from
/// as many as it has. Several of them broadcast to each other, and their common dimensions replace those that
/// they select from, or come first if other dimensions stand between these. Masks and 0-dimensional indices
/// wait for the device.
TENON_API Tensor index(
    const Tensor& a, const std::vector<TensorIndex>& indices, CallSite site = CallSite::current());
/// New tensor: a with the elements that index() would give replaced by `values`, which broadcast. Where one
/// is named twice, the last value counts; with `accumulate` all of them are added, floating point or int64.
TENON_API Tensor index_put(const Tensor& a, const std::vector<TensorIndex>& indices, const Tensor& values,
    bool accumulate = false, CallSite site = CallSite::current());
TENON_API Tensor index_put(const Tensor& a, const std::vector<TensorIndex>& indices, double value,
    bool accumulate = false, CallSite site = CallSite::current());

}  // namespace tenon
