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

/// A loss of ops.h with a fixed reduction and one more option.
template <class Options, auto option, auto loss>
struct LossWith : Stateless {
  LossWith(const Options& chosen = {}) : options(chosen) {}
  Tensor operator()(const Tensor& input, const Tensor& target, CallSite site = CallSite::current()) const {
    return loss(input, target, options.reduction, options.*option, site);
  }
  Tensor forward(const Tensor& input, const Tensor& target, CallSite site = CallSite::current()) const {
    return loss(input, target, options.reduction, options.*option, site);
  }
  Options options;
};

struct HuberLossOptions {
  Reduction reduction = Reduction::mean;
  double delta = 1;
};
/// huber_loss(): squared up to a difference of delta, then linear.
struct HuberLoss : LossWith<HuberLossOptions, &HuberLossOptions::delta, huber_loss> {
  using LossWith::LossWith;
};
struct SmoothL1LossOptions {
  Reduction reduction = Reduction::mean;
  double beta = 1;
};
/// smooth_l1_loss(): squared up to a difference of beta, then the absolute error.
struct SmoothL1Loss : LossWith<SmoothL1LossOptions, &SmoothL1LossOptions::beta, smooth_l1_loss> {
  using LossWith::LossWith;
};
struct KLDivLossOptions {
  Reduction reduction = Reduction::mean;
  bool log_target = false;
};
/// kl_div(): of log-probabilities.
struct KLDivLoss : LossWith<KLDivLossOptions, &KLDivLossOptions::log_target, kl_div> {
  using LossWith::LossWith;
};

/// A loss of ops.h with fixed options. The weights among the options are buffers: they are saved and move
/// with the module.
template <class Options,
    Tensor (*loss)(const Tensor& input, const Tensor& target, const Options& options, CallSite site)>
struct WeightedLoss : Module {
  WeightedLoss(const Options& chosen = {}) : options(chosen) {
    // The module's own handles: to() must not move the caller's tensors.
    const auto own = [](Tensor& weight) {
      if (weight.defined()) weight = weight.detach();
    };
    own(options.weight);
    if constexpr (requires { options.pos_weight; }) own(options.pos_weight);
  }
  Tensor operator()(const Tensor& input, const Tensor& target, CallSite site = CallSite::current()) const {
    return loss(input, target, options, site);
  }
  Tensor forward(const Tensor& input, const Tensor& target, CallSite site = CallSite::current()) const {
    return loss(input, target, options, site);
  }
  void visit(Visitor& visitor) override {
    visitor.buffer("weight", options.weight);
    if constexpr (requires { options.pos_weight; }) visitor.buffer("pos_weight", options.pos_weight);
  }
  Options options;
};

/// nll_loss(): of log-probabilities.
struct NLLLoss : WeightedLoss<NllLossOptions, nll_loss> {
  using WeightedLoss::WeightedLoss;
};
/// cross_entropy(): of unnormalised scores.
struct CrossEntropyLoss : WeightedLoss<CrossEntropyOptions, cross_entropy> {
  using WeightedLoss::WeightedLoss;
};
/// binary_cross_entropy(): of probabilities.
struct BCELoss : WeightedLoss<BinaryCrossEntropyOptions, binary_cross_entropy> {
  using WeightedLoss::WeightedLoss;
};
/// binary_cross_entropy_with_logits(): of unnormalised scores.
struct BCEWithLogitsLoss
    : WeightedLoss<BinaryCrossEntropyWithLogitsOptions, binary_cross_entropy_with_logits> {
  using WeightedLoss::WeightedLoss;
};

}  // namespace tenon::nn
