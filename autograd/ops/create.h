// The first and last step of every function that creates a tensor. Private.
#pragma once
#include <tenon/autograd/ops/common.h>

namespace tenon::autograd {

/// Uninitialised elements on the device's current stream, after the checks of shape and options.
inline Tensor create(const char* op, const Shape& shape, const Options& options) {
  checked_numel(op, shape);
  check_available(op, options.device);
  check(!options.requires_grad || is_floating_point(options.dtype),
      "{}: only floating-point tensors have gradients; the dtype is {}", op, options.dtype);
  return new_tensor(shape, options.dtype, Stream::current(options.device));
}

/// The tensor, as a leaf of the tape if the options say so.
inline Tensor with_requires_grad(Tensor tensor, const Options& options) {
  if (options.requires_grad) tensor.set_requires_grad();
  return tensor;
}

}  // namespace tenon::autograd
