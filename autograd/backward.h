// A pass over the tape, for backward() and grad().
#pragma once
#include <unordered_map>

#include <tenon/autograd/tape/node.h>
#include <tenon/core/call.h>

namespace tenon::autograd {

/// The gradient that a pass from `root` starts with: `given`, or 1 for one element. Checks both.
Tensor root_gradient(const char* op, const Tensor& root, const Tensor& given);

/// Runs the tape backwards from `root`. With `needed`, only those nodes run, their gradients go where it says
/// (null: only on the way), and no leaf accumulates: it is a call of grad().
void run_pass(Call& call, const Tensor& root, Tensor gradient, bool retain_graph, bool create_graph,
    const std::unordered_map<Node*, Tensor*>* needed);

}  // namespace tenon::autograd
