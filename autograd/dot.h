// Drawing the tape.
#pragma once
#include <string>

#include <tenon/core/tensor.h>

namespace tenon::autograd {

/// The graph below `root` in Graphviz's language: one box per node with its operation, shape and line; arrows
/// show where gradients flow. `dot -Tsvg` draws it.
TENON_API std::string dot(const Tensor& root);

}  // namespace tenon::autograd
