// A training step of a loss that needs no data.
#pragma once
#include <vector>

#include <tenon/tenon.h>

namespace tenon::test {

/// Minimises the sum of the squares of all parameters.
inline void learn(optim::Optimizer& optimizer, const std::vector<Tensor>& params) {
  optimizer.zero_grad();
  for (const Tensor& w : params) (w * w).sum().backward();
  optimizer.step();
}

}  // namespace tenon::test
