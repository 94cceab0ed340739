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
/// New tensor: the rows of a matrix `weight` at the given indices (int64, of any shape), with one dimension
/// more than `index`. The row `padding_idx`, which may count from the end, gets a gradient of zeros.
TENON_API Tensor embedding(const Tensor& index, const Tensor& weight,
    std::optional<std::int64_t> padding_idx = {}, CallSite site = CallSite::current());
/// int64, with one dimension more than `classes` (int64): 1 at the index of the class, else 0. -1 stands for
/// the largest class + 1. Waits for the device, to check the classes.
TENON_API Tensor one_hot(
    const Tensor& classes, std::int64_t num_classes = -1, CallSite site = CallSite::current());

}  // namespace tenon
