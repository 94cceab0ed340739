// Losses of classification.
#include <tenon/autograd/ops/loss_common.h>

namespace tenon {

namespace {

/// The dimension of the classes: [C], [N, C] or [N, C, ...].
std::int64_t class_dim(const char* op, const Tensor& input) {
  autograd::check_floating(op, input);
  check(input.dim() > 0, "{}: the input has no dimension of classes; use [C], [N, C] or [N, C, ...]", op);
  return input.dim() == 1 ? 0 : 1;
}

void check_weight(const char* op, const Tensor& input, const Tensor& weight, std::int64_t d) {
  if (!weight.defined()) return;
  autograd::check_same_kind(op, input, weight);
  check(weight.shape() == Shape{input.size(d)}, "{}: there are {} classes; the weight has shape {}", op,
      input.size(d), weight.shape());
}

/// The weight in a shape that broadcasts along the classes of `input`.
Tensor beside(const Tensor& weight, const Tensor& input, std::int64_t d) {
  Shape shape;
  for (std::int64_t i = d; i < input.dim(); ++i) shape.push_back(i == d ? input.size(d) : 1);
  return reshape(weight, shape);
}

/// `each`, its sum, or its sum divided by that of the weights.
Tensor reduced(const char* op, const Tensor& each, const Tensor& weights, Reduction reduction) {
  autograd::check_reduction(op, reduction);
  if (reduction == Reduction::none) return each;
  if (reduction == Reduction::sum) return sum(each);
  check(each.numel() > 0, "{}: there are no samples to average; the target is {}", op, each.shape());
  return div(sum(each), sum(weights));
}

/// The loss of log-probabilities, given the class of each sample. A share `smoothing` of each target is
/// spread evenly over the classes.
Tensor of_classes(const char* op, const Tensor& log_probabilities, const Tensor& target, std::int64_t d,
    const CrossEntropyOptions& options) {
  const Tensor& logp = log_probabilities;
  check(target.dtype() == DType::int64,
      "{}: the classes must be int64; they are {}; probabilities have the input's dtype and shape", op,
      target.dtype());
  Shape expected;
  for (std::int64_t i = 0; i < logp.dim(); ++i)
    if (i != d) expected.push_back(logp.size(i));
  check(target.shape() == expected, "{}: for an input of shape {} the target has shape {}; it is {}", op,
      logp.shape(), expected, target.shape());

  const Tensor counted = ne(target, static_cast<double>(options.ignore_index));
  const Tensor classes = where(counted, target, 0.0);
  Tensor weights = counted.to(logp.dtype());
  if (options.weight.defined())
    weights = mul(weights, reshape(index_select(options.weight, 0, flatten(classes)), target.shape()));
  // Not a product with 0: the log-probability of an ignored sample may be infinite.
  const Tensor of_target = squeeze(gather(logp, d, unsqueeze(classes, d)), d);
  Tensor each = where(counted, neg(mul(of_target, weights)), 0.0);
  if (options.label_smoothing > 0) {
    const Tensor weighted = options.weight.defined() ? mul(logp, beside(options.weight, logp, d)) : logp;
    const Tensor of_all = where(counted, neg(sum(weighted, {d})), 0.0);
    each = add(mul(each, 1 - options.label_smoothing),
        mul(of_all, options.label_smoothing / static_cast<double>(logp.size(d))));
  }
  return reduced(op, each, weights, options.reduction);
}

}  // namespace

Tensor cross_entropy(
    const Tensor& input, const Tensor& target, const CrossEntropyOptions& options, CallSite site) {
  const Call call("cross_entropy", site);
  const std::int64_t d = class_dim("cross_entropy", input);
  check_weight("cross_entropy", input, options.weight, d);
  const double smoothing = options.label_smoothing;
  check(smoothing >= 0 && smoothing <= 1, "cross_entropy: label_smoothing must be in [0, 1]; it is {}",
      smoothing);
  const Tensor logp = log_softmax(input, d);
  if (!is_floating_point(target.dtype())) return of_classes("cross_entropy", logp, target, d, options);

  autograd::check_same_kind("cross_entropy", input, target);
  check(target.shape() == input.shape(),
      "cross_entropy: probabilities must have the input's shape; it is {}, theirs {}", input.shape(),
      target.shape());
  const std::int64_t classes = input.size(d);
  Tensor weighted =
      smoothing > 0 ? add(mul(target, 1 - smoothing), smoothing / static_cast<double>(classes)) : target;
  if (options.weight.defined()) weighted = mul(weighted, beside(options.weight, input, d));
  const Tensor each = neg(sum(mul(logp, weighted), {d}));
  return reduced("cross_entropy", each, ones_like(each), options.reduction);
}

Tensor nll_loss(const Tensor& input, const Tensor& target, const NllLossOptions& options, CallSite site) {
  const Call call("nll_loss", site);
  const std::int64_t d = class_dim("nll_loss", input);
  check_weight("nll_loss", input, options.weight, d);
  return of_classes("nll_loss", input, target, d,
      {.reduction = options.reduction, .weight = options.weight, .ignore_index = options.ignore_index});
}

}  // namespace tenon
