// Losses.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon {

enum class Reduction : std::uint8_t { none, mean, sum };
/// (input - target)^2: elementwise, or their mean or sum. The shapes must be equal.
TENON_API Tensor mse_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::mean,
    CallSite site = CallSite::current());
/// |input - target|, likewise; the gradient is 0 where they are equal.
TENON_API Tensor l1_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::mean,
    CallSite site = CallSite::current());

}  // namespace tenon
