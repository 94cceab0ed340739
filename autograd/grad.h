// Gradients as return values. Tensor::backward, which stores them in the leaves, is the usual way.
#pragma once
#include <concepts>
#include <initializer_list>

#include <tenon/core/tensor.h>

namespace tenon::autograd {

struct GradOptions {
  /// The gradient of each output, of its shape. An undefined one stands for 1, and so does each if the list
  /// is empty; such an output must have one element.
  std::vector<Tensor> grad_outputs{};
  bool retain_graph = false;
  bool create_graph = false;  // record the pass, for higher-order gradients; implies retain_graph
  bool allow_unused =
      false;  // an input that no output depends on gets an undefined gradient instead of an error
};

/// The gradients of the sum of `outputs` with respect to `inputs`. Changes no .grad, and runs only the part
/// of the tape between the two.
TENON_API std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
    const GradOptions& options = {}, CallSite site = CallSite::current());
/// The same with PyTorch's arguments. (A template, so that braces around options are not taken for a list.)
template <std::same_as<Tensor> T>
std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
    std::initializer_list<T> grad_outputs, bool retain_graph = false, bool create_graph = false,
    bool allow_unused = false, CallSite site = CallSite::current()) {
  return grad(outputs, inputs, {grad_outputs, retain_graph, create_graph, allow_unused}, site);
}
/// The gradients of one output.
inline std::vector<Tensor> grad(const Tensor& output, const std::vector<Tensor>& inputs,
    const GradOptions& options = {}, CallSite site = CallSite::current()) {
  return grad(std::vector{output}, inputs, options, site);
}

}  // namespace tenon::autograd
