// Losses as objects that store their reduction.
#pragma once
#include <tenon/autograd/ops.h>

namespace tenon::nn {

struct LossOptions {
  Reduction reduction = Reduction::mean;
};

/// A loss of ops.h with a fixed reduction.
template <Tensor (*loss)(const Tensor& input, const Tensor& target, Reduction reduction, CallSite site)>
struct Loss {
  Loss(const LossOptions& chosen = {}) : options(chosen) {}
  Tensor operator()(const Tensor& input, const Tensor& target, CallSite site = CallSite::current()) const {
    return loss(input, target, options.reduction, site);
  }
  LossOptions options;
};

/// (input - target)^2
using MSELoss = Loss<mse_loss>;
/// |input - target|
using L1Loss = Loss<l1_loss>;

}  // namespace tenon::nn
