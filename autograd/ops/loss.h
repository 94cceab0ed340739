// Losses. Shapes are in brackets: N samples, C classes.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon {

/// batchmean, the sum divided by the size of dimension 0, is for kl_div() only.
enum class Reduction : std::uint8_t { none, mean, sum, batchmean };
/// (input - target)^2: elementwise, or their mean or sum. The shapes must be equal.
TENON_API Tensor mse_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::mean,
    CallSite site = CallSite::current());
/// |input - target|, likewise; the gradient is 0 where they are equal.
TENON_API Tensor l1_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::mean,
    CallSite site = CallSite::current());
/// With d = input - target: d^2 / 2 where |d| <= delta, elsewhere delta (|d| - delta / 2); likewise. Throws
/// unless delta is positive and finite.
TENON_API Tensor huber_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::mean,
    double delta = 1, CallSite site = CallSite::current());
/// huber_loss() with delta = beta, divided by beta; l1_loss() if beta is 0. Throws if beta is negative or not
/// finite.
TENON_API Tensor smooth_l1_loss(const Tensor& input, const Tensor& target,
    Reduction reduction = Reduction::mean, double beta = 1, CallSite site = CallSite::current());

/// The options of binary_cross_entropy(), with PyTorch's defaults.
struct BinaryCrossEntropyOptions {
  Reduction reduction = Reduction::mean;
  Tensor weight{};  // a factor of each element, broadcast to the input's shape; undefined: 1
};
/// The options of binary_cross_entropy_with_logits(), with PyTorch's defaults.
struct BinaryCrossEntropyWithLogitsOptions {
  Reduction reduction = Reduction::mean;
  Tensor weight{};      // as above
  Tensor pos_weight{};  // a factor of the positive part, target log(p), broadcast likewise; undefined: 1
};
/// -weight (target log(p) + (1 - target) log(1 - p)) of probabilities p, the input, and of targets in [0, 1],
/// with the input's shape: elementwise, or their mean or sum. Logarithms below -100 count as -100. NaN where
/// p is outside [0, 1].
TENON_API Tensor binary_cross_entropy(const Tensor& input, const Tensor& target,
    const BinaryCrossEntropyOptions& options = {}, CallSite site = CallSite::current());
/// The same of p = sigmoid(input), without its rounding: right for inputs of any size.
TENON_API Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target,
    const BinaryCrossEntropyWithLogitsOptions& options = {}, CallSite site = CallSite::current());
/// The Kullback-Leibler divergence target (log(target) - input) of probabilities `target` and
/// log-probabilities `input`, of equal shapes: elementwise, their mean over all elements, their sum, or that
/// divided by the size of dimension 0 (batchmean: the divergence as it is defined, per sample). With
/// log_target, `target` has log-probabilities too.
TENON_API Tensor kl_div(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::mean,
    bool log_target = false, CallSite site = CallSite::current());

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
