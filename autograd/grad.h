// Gradients as results. Tensor::backward, which keeps them in the leaves, is the usual way.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon::autograd {

struct GradOptions {
  Tensor grad_output{};  // undefined: the output must have one element, and 1 is taken
  bool retain_graph = false;
  bool create_graph = false;  // record the pass, for gradients of gradients; implies retain_graph
  bool allow_unused =
      false;  // an input that the output does not depend on gets an undefined gradient, not an error
};

/// The gradients of `output` with respect to `inputs`. No .grad changes, and only the part of the tape
/// between the two is run.
TENON_API std::vector<Tensor> grad(const Tensor& output, const std::vector<Tensor>& inputs,
    const GradOptions& options = {}, CallSite site = CallSite::current());

}  // namespace tenon::autograd
