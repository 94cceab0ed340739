// What an operation may ask about the backward pass that runs it.
#pragma once
#include <tenon/autograd/tape/node.h>

namespace tenon::autograd {

/// The node whose pullback this thread is in; null outside of a pass.
Node* running_node() noexcept;
/// True for the 1 that a pass starts from, as long as gradients are not on the tape themselves: what an
/// operation has prepared for this gradient it may use.
bool is_first_gradient(const Tensor& gradient) noexcept;
/// Looks at every value of a floating-point tensor.
bool has_nan(const Tensor& tensor);

}  // namespace tenon::autograd
