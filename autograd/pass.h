// The backward pass, used by backward() and grad().
#pragma once
#include <span>
#include <unordered_map>

#include <tenon/autograd/tape/node.h>
#include <tenon/core/call.h>

namespace tenon::autograd {

/// Where a pass begins, with the gradient that it begins with.
struct Root {
  Ref<Node> node;  // an owner: a hook may drop the caller's handle
  Tensor gradient;
};
/// The gradient is `given` or, for a tensor of one element, 1. Checks both.
Root root_of(const char* op, const Tensor& tensor, const Tensor& given);
/// The same for several tensors; without gradients each begins with 1.
std::vector<Root> roots_of(
    const char* op, const std::vector<Tensor>& tensors, const std::vector<Tensor>& gradients);

/// Nodes, and where the gradient of each is stored (null: nowhere).
using Needed = std::unordered_map<Node*, Tensor*>;
/// The nodes of `inputs`, which must require gradients. `found` gets the gradient of each, once for a tensor
/// that is there twice.
Needed wanted_nodes(const char* op, const std::vector<Tensor>& inputs, std::vector<Tensor>& found);
/// Every node between the roots and the wanted ones, and these as far as a root depends on them.
Needed nodes_between(std::span<const Root> roots, const Needed& wanted);

/// Sees a pass while it runs, and may run pullbacks itself. It must not keep a gradient, which the pass may
/// add to in place.
struct PassObserver {
  /// Before the node runs: its complete gradient, and the heap of the other nodes that hold one.
  virtual void visit(Node& node, const Tensor& gradient, std::span<Node* const> waiting) = 0;
  /// What the pullback of an edge has returned, before it is summed to the shape of the source.
  virtual void part(Node& node, Edge& edge, const Tensor& gradient, const Tensor& part) = 0;
  /// Before gradients are stored and the graph is released.
  virtual void finish() = 0;

 protected:
  ~PassObserver() = default;
};

struct PassOptions {
  bool retain_graph = false, create_graph = false;
  /// Null: every leaf accumulates. Otherwise only these nodes run, and their gradients are stored where they
  /// point.
  const Needed* needed = nullptr;
  bool accumulate = false;  // the needed nodes accumulate their gradients, too
  PassObserver* observer = nullptr;
};
/// Runs the tape backwards from the roots.
void run_pass(Call& call, std::span<Root> roots, const PassOptions& options);
/// The same as backward() does it: leaves, or `options.inputs`, accumulate.
void run_backward(
    Call& call, std::span<Root> roots, const BackwardOptions& options, PassObserver* observer = nullptr);

}  // namespace tenon::autograd
