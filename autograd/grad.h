// Gradients as return values. Tensor::backward, which stores them in the leaves, is the usual way.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon::autograd {

struct GradOptions {
  Tensor grad_output{};  // undefined: the output must have one element, and the gradient is 1
  bool retain_graph = false;
  bool create_graph = false;  // record the pass, for higher-order gradients; implies retain_graph
  bool allow_unused =
      false;  // an input that the output does not depend on gets an undefined gradient instead of an error
};

/// The gradients of `output` with respect to `inputs`. Changes no .grad, and runs only the part of the tape
/// between the two.
TENON_API std::vector<Tensor> grad(const Tensor& output, const std::vector<Tensor>& inputs,
    const GradOptions& options = {}, CallSite site = CallSite::current());

}  // namespace tenon::autograd
