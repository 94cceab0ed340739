// Variances and standard deviations. Floating point only.
#pragma once
#include <utility>

#include <tenon/core/tensor.h>

namespace tenon {

/// The sum of the squared distances from the mean, divided by the number of elements minus the correction,
/// which must leave more than 0. Over the dimensions named, or, if the list is empty, all. With correction 0
/// it is the variance of the elements themselves, PyTorch's unbiased=False.
TENON_API Tensor var(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor var(
    const Tensor& a, const Shape& dims, const VarOptions& options = {}, CallSite site = CallSite::current());
/// The square root of var(). The gradient is 0 where all elements are equal. After `using namespace tenon`
/// write `a.std()` or `tenon::std(a)`: `std(a)` alone would also name the namespace std.
TENON_API Tensor std(const Tensor& a, CallSite site = CallSite::current());
TENON_API Tensor std(
    const Tensor& a, const Shape& dims, const VarOptions& options = {}, CallSite site = CallSite::current());

/// var() or std(), and mean(), of the same elements: const auto [variance, mean] = var_mean(a);
TENON_API std::pair<Tensor, Tensor> var_mean(const Tensor& a, CallSite site = CallSite::current());
TENON_API std::pair<Tensor, Tensor> var_mean(
    const Tensor& a, const Shape& dims, const VarOptions& options = {}, CallSite site = CallSite::current());
TENON_API std::pair<Tensor, Tensor> std_mean(const Tensor& a, CallSite site = CallSite::current());
TENON_API std::pair<Tensor, Tensor> std_mean(
    const Tensor& a, const Shape& dims, const VarOptions& options = {}, CallSite site = CallSite::current());

}  // namespace tenon
