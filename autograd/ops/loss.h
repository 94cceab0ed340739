// Losses. Shapes are in brackets: N samples, C classes.
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

/// The options of nll_loss(), with PyTorch's defaults.
struct NllLossOptions {
  Reduction reduction = Reduction::mean;
  Tensor weight{};                   // [C], one per class; undefined: all are 1
  std::int64_t ignore_index = -100;  // samples of this class have no loss, and do not count in the mean
};
/// The options of cross_entropy(), with PyTorch's defaults.
struct CrossEntropyOptions {
  Reduction reduction = Reduction::mean;
  Tensor weight{};                   // as above
  std::int64_t ignore_index = -100;  // as above; not for probabilities
  double label_smoothing = 0;        // the share of each target that is spread evenly over the classes
};
/// -weight[target] * input at the target's class: elementwise, their sum, or that divided by the sum of the
/// weights. `input` has log-probabilities, [C], [N, C] or [N, C, ...]; `target` has classes (int64), with
/// the same shape without C.
TENON_API Tensor nll_loss(const Tensor& input, const Tensor& target, const NllLossOptions& options = {},
    CallSite site = CallSite::current());
/// nll_loss(log_softmax(input), target). Instead of classes, `target` may have probabilities, with the dtype
/// and shape of `input`: then it is -sum(weight * target * log_softmax(input)) over the classes, and the mean
/// is over the samples.
TENON_API Tensor cross_entropy(const Tensor& input, const Tensor& target,
    const CrossEntropyOptions& options = {}, CallSite site = CallSite::current());

}  // namespace tenon
