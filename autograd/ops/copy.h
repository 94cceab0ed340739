// Copies, conversions and moves between devices.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon {

/// A dense copy.
TENON_API Tensor clone(const Tensor& a, CallSite site = CallSite::current());
/// The tensor itself if it is dense and row-major, otherwise a copy that is.
TENON_API Tensor contiguous(const Tensor& a, CallSite site = CallSite::current());
/// The tensor itself if the dtype is the same. Conversions between float32 and float64 are differentiable.
TENON_API Tensor to(const Tensor& a, DType dtype, CallSite site = CallSite::current());
/// The tensor on this thread's current stream of `device`, or the tensor itself if it is already there;
/// differentiable. A copy to the CPU waits for the device, as does one from the CPU of more than 1 MiB.
TENON_API Tensor to(const Tensor& a, Device device, CallSite site = CallSite::current());

}  // namespace tenon
