// backward() of several tensors. Tensor::backward is the usual way.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon::autograd {

/// Adds the sum of the tensors' gradients to the gradient of every leaf below, or of `options.inputs`, in one
/// pass. `grad_tensors` has the gradient that each begins with, of its shape. An undefined one stands for 1,
/// and so does each if the list is empty; such a tensor must have one element.
TENON_API void backward(const std::vector<Tensor>& tensors, const std::vector<Tensor>& grad_tensors = {},
    const BackwardOptions& options = {}, CallSite site = CallSite::current());

}  // namespace tenon::autograd
