// PyTorch's torch.nn.functional.
#pragma once
#include <tenon/autograd/ops.h>

namespace tenon::nn {

/// Layers without parameters are operations like all others: nn::functional::relu is tenon::relu.
namespace functional = ::tenon;

}  // namespace tenon::nn
