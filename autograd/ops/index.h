// Elements by their indices. Negative dimensions count from the back.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon {

/// New tensor: the given indices (int64, one-dimensional, repeats allowed) of a dimension.
TENON_API Tensor index_select(
    const Tensor& a, std::int64_t dim, const Tensor& index, CallSite site = CallSite::current());
/// New tensor of the shape of `index` (int64, as many dimensions as a, no size but that of `dim` larger): the
/// element of a at the same place, but for `dim`, where it is the one that `index` names.
TENON_API Tensor gather(
    const Tensor& a, std::int64_t dim, const Tensor& index, CallSite site = CallSite::current());

}  // namespace tenon
