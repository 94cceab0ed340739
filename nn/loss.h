// Losses as objects that remember their reduction.
#pragma once
#include <tenon/autograd/ops.h>

namespace tenon::nn {

struct LossOptions {
  Reduction reduction = Reduction::mean;
};

/// (input - target)^2
struct MSELoss {
  MSELoss(const LossOptions& chosen = {}) : options(chosen) {}
  Tensor operator()(const Tensor& input, const Tensor& target, Where where = Where::current()) const {
    return mse_loss(input, target, options.reduction, where);
  }
  LossOptions options;
};

/// |input - target|
struct L1Loss {
  L1Loss(const LossOptions& chosen = {}) : options(chosen) {}
  Tensor operator()(const Tensor& input, const Tensor& target, Where where = Where::current()) const {
    return l1_loss(input, target, options.reduction, where);
  }
  LossOptions options;
};

}  // namespace tenon::nn
