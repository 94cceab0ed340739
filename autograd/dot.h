// Drawing the tape.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include <tenon/core/tensor.h>

namespace tenon::autograd {

/// The graph below `root` in Graphviz's language: one box per node with its operation, shape and line; arrows
/// show where gradients flow. `dot -Tsvg` draws it. Tensors in `names`, such as a module's
/// named_parameters(), have their names; those of at most six elements their values and gradients, too.
TENON_API std::string dot(const Tensor& root, const std::vector<std::pair<std::string, Tensor>>& names = {});

}  // namespace tenon::autograd
