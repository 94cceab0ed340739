// Losses as modules that store their options.
#pragma once
#include <tenon/nn/module.h>

namespace tenon::nn {

struct LossOptions {
  Reduction reduction = Reduction::mean;
};

/// A loss of ops.h with a fixed reduction.
template <Tensor (*loss)(const Tensor& input, const Tensor& target, Reduction reduction, CallSite site)>
struct Loss : Stateless {
  Loss(const LossOptions& chosen = {}) : options(chosen) {}
  Tensor operator()(const Tensor& input, const Tensor& target, CallSite site = CallSite::current()) const {
    return loss(input, target, options.reduction, site);
  }
  Tensor forward(const Tensor& input, const Tensor& target, CallSite site = CallSite::current()) const {
    return loss(input, target, options.reduction, site);
  }
  LossOptions options;
};

/// (input - target)^2
struct MSELoss : Loss<mse_loss> {
  using Loss::Loss;
};
/// |input - target|
struct L1Loss : Loss<l1_loss> {
  using Loss::Loss;
};

/// A loss of classification of ops.h with fixed options. The weight of the options is a buffer: it is saved
/// and moves with the module.
template <class Options,
    Tensor (*loss)(const Tensor& input, const Tensor& target, const Options& options, CallSite site)>
struct ClassLoss : Module {
  ClassLoss(const Options& chosen = {}) : options(chosen) {
    // The module's own handle: to() must not move the caller's tensor.
    if (options.weight.defined()) options.weight = options.weight.detach();
  }
  Tensor operator()(const Tensor& input, const Tensor& target, CallSite site = CallSite::current()) const {
    return loss(input, target, options, site);
  }
  Tensor forward(const Tensor& input, const Tensor& target, CallSite site = CallSite::current()) const {
    return loss(input, target, options, site);
  }
  void visit(Visitor& visitor) override { visitor.buffer("weight", options.weight); }
  Options options;
};

/// nll_loss(): of log-probabilities.
struct NLLLoss : ClassLoss<NllLossOptions, nll_loss> {
  using ClassLoss::ClassLoss;
};
/// cross_entropy(): of unnormalised scores.
struct CrossEntropyLoss : ClassLoss<CrossEntropyOptions, cross_entropy> {
  using ClassLoss::ClassLoss;
};

}  // namespace tenon::nn
