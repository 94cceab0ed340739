// Running sums.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon {

/// The sum of the elements up to each one, itself included, along `dim`; of booleans or integers int64.
TENON_API Tensor cumsum(const Tensor& a, std::int64_t dim, CallSite site = CallSite::current());

}  // namespace tenon
