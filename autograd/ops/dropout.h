// Random zeros.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon {

/// Given `training`, each element is 0 with probability p in [0, 1] and a / (1 - p) otherwise, so that the
/// expected value stays the same (Srivastava et al. 2014); else the tensor itself. Which elements are zero
/// depends on the state of default_generator() and the position of the element alone: not on the dtype, the
/// strides, the device or the number of threads. Floating point only.
TENON_API Tensor dropout(
    const Tensor& a, double p = 0.5, bool training = true, CallSite site = CallSite::current());
/// The same for whole channels: of a [N, C, ...], each [n, c] is 0 with probability p (Tompson et al. 2015).
TENON_API Tensor dropout2d(
    const Tensor& a, double p = 0.5, bool training = true, CallSite site = CallSite::current());

}  // namespace tenon
