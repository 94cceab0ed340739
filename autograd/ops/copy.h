// Copies, conversions and moves between devices.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon {

/// A dense copy.
TENON_API Tensor clone(const Tensor& a, CallSite site = CallSite::current());
/// The tensor itself if it is dense and row-major, else a copy that is.
TENON_API Tensor contiguous(const Tensor& a, CallSite site = CallSite::current());
/// The tensor itself if nothing changes. Between float32 and float64 it is differentiable.
TENON_API Tensor to(const Tensor& a, DType dtype, CallSite site = CallSite::current());
/// The same on this thread's stream of another device, or of its own; differentiable. A copy to the CPU
/// waits for the device, and so does one of more than a mebibyte from it.
TENON_API Tensor to(const Tensor& a, Device device, CallSite site = CallSite::current());

}  // namespace tenon
