// What an operation may ask about the backward pass that runs it.
#pragma once
#include <tenon/autograd/tape/node.h>

namespace tenon::autograd {

/// The node whose pullback this thread is in; null outside of a pass.
Node* running_node() noexcept;
/// True if `gradient` is the implicit seed gradient of a pass and gradients are not recorded: an operation
/// may use what it has prepared for this gradient.
bool is_seed_gradient(const Tensor& gradient) noexcept;

}  // namespace tenon::autograd
