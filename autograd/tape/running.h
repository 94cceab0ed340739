// What an operation can query about the backward pass that runs it.
#pragma once
#include <tenon/autograd/tape/node.h>

namespace tenon::autograd {

/// The node whose pullback this thread is running; null outside a pass.
Node* running_node() noexcept;
/// True while a pass runs that releases the graph when it has succeeded.
bool releases_graph() noexcept;
/// True if `gradient` is the implicit seed gradient of a pass and gradients are not recorded: then an
/// operation may use a value prepared for it.
bool is_seed_gradient(const Tensor& gradient) noexcept;

}  // namespace tenon::autograd
