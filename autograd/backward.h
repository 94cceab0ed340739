// The backward pass, used by backward() and grad().
#pragma once
#include <unordered_map>

#include <tenon/autograd/tape/node.h>
#include <tenon/core/call.h>

namespace tenon::autograd {

/// The gradient that a pass from `root` starts with: `given` or, for a root of one element, 1. Checks both.
Tensor root_gradient(const char* op, const Tensor& root, const Tensor& given);

/// Runs the tape backwards from `root`. With `needed`, for grad(), only those nodes run, their gradients are
/// stored where it points (null: intermediate nodes), and no leaf accumulates.
void run_pass(Call& call, const Tensor& root, Tensor gradient, bool retain_graph, bool create_graph,
    const std::unordered_map<Node*, Tensor*>* needed);

}  // namespace tenon::autograd
