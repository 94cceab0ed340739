// Sorted elements, along a dimension, and where they were. NaN counts as the largest number. Elements that
// are equal, as the two zeros are, stay in order of their indices, in either direction. The gradient of each
// value goes to the element at its index.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon {

TENON_API ValuesAndIndices sort(
    const Tensor& a, std::int64_t dim = -1, bool descending = false, CallSite site = CallSite::current());
/// The indices of sort().
TENON_API Tensor argsort(
    const Tensor& a, std::int64_t dim = -1, bool descending = false, CallSite site = CallSite::current());
/// The k largest elements, or the k smallest, best first. Numbers only. (`sorted` is there for PyTorch's
/// sake, where false allows any order.)
TENON_API ValuesAndIndices topk(const Tensor& a, std::int64_t k, std::int64_t dim = -1, bool largest = true,
    bool sorted = true, CallSite site = CallSite::current());
/// The element in the middle, of an even number the lower one of the two; NaN if there is one, and then the
/// index of the first. Numbers only, and at least one element per result. Over all elements, those that equal
/// the result share the gradient evenly.
TENON_API Tensor median(const Tensor& a, CallSite site = CallSite::current());
TENON_API ValuesAndIndices median(
    const Tensor& a, std::int64_t dim, bool keepdim = false, CallSite site = CallSite::current());

/// int64, of the shape of `values`: how many elements of `sorted`, which ascends along its last dimension,
/// are less than each value, or with `right` not greater. `sorted` is a vector, or has the other dimensions
/// of `values`. All of them are less than NaN. No gradient.
TENON_API Tensor searchsorted(
    const Tensor& sorted, const Tensor& values, bool right = false, CallSite site = CallSite::current());

/// The values that the elements of `a` have, each once: const auto [values, inverse, counts] = unique(a). The
/// two zeros are one value, that of them which comes first, and each NaN is a value of its own. No gradient;
/// waits for the device. Not there: the slices of a dimension.
TENON_API UniqueValues unique(const Tensor& a, CallSite site = CallSite::current());

}  // namespace tenon
