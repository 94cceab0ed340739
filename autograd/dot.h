// The tape as a picture.
#pragma once
#include <string>

#include <tenon/core/tensor.h>

namespace tenon::autograd {

/// The graph below `root` in Graphviz's language: a box per node with its operation, shape and line, arrows
/// along which gradients flow. `dot -Tsvg` draws it.
TENON_API std::string dot(const Tensor& root);

}  // namespace tenon::autograd
