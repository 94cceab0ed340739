// Losses of classification.
#include <tenon/autograd/ops/gradients.h>
#include <tenon/autograd/ops/loss_common.h>
#include <tenon/kernels/softmax.h>

namespace tenon {

namespace {

/// The dimension of the classes: [C], [N, C] or [N, C, ...].
int class_dim(const char* op, const Tensor& input) {
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

/// gather(log_softmax(input, d), d, classes), one class per sample. Its gradient is one kernel, without a
/// tensor of zeros around that of the classes.
Tensor log_softmax_at(const Tensor& input, int d, const Tensor& classes) {
  Tensor logp, out;
  {
    const NoGradGuard no_grad;
    logp = log_softmax(input, d);
    out = gather(logp, d, classes);
  }
  return autograd::record("cross_entropy", CallSite::current(), std::move(out),
      autograd::Input(input, autograd::with(input, logp, classes),
          [d](const Tensor& g, const Tensor& x, const Tensor& y, const Tensor& at) {
            if (grad_enabled()) {  // as a function of x
              const Tensor slope = autograd::gather_add(g, d, at, x.shape());
              return sub(slope, mul(exp(log_softmax(x, d)), sum(slope, {d}, true)));
            }
            Tensor made = autograd::new_tensor(y.shape(), y.dtype(), y.stream());
            kernels::log_softmax_at_backward(y.stream(), y.dtype(), kernels::indexed(y.shape(), d),
                made.raw(), autograd::dense(g).raw(), static_cast<const std::int64_t*>(at.raw()), y.raw());
            return made;
          }));
}

/// The loss, given the class of each sample, of log-probabilities, which are log_softmax(input) if undefined.
/// A share `smoothing` of each target is spread evenly over the classes.
Tensor of_classes(const char* op, const Tensor& input, const Tensor& log_probabilities, const Tensor& target,
    int d, const CrossEntropyOptions& options) {
  const Tensor& logp = log_probabilities;
  check(target.dtype() == DType::int64,
      "{}: the classes must be int64; they are {}; probabilities have the input's dtype and shape", op,
      target.dtype());
  Shape expected;
  for (std::int64_t i = 0; i < input.dim(); ++i)
    if (i != d) expected.push_back(input.size(i));
  check(target.shape() == expected, "{}: for an input of shape {} the target has shape {}; it is {}", op,
      input.shape(), expected, target.shape());

  const Tensor counted = ne(target, static_cast<double>(options.ignore_index));
  const Tensor classes = where(counted, target, 0.0), at = unsqueeze(classes, d);
  Tensor weights = counted.to(input.dtype());
  if (options.weight.defined())
    weights = mul(weights, reshape(index_select(options.weight, 0, flatten(classes)), target.shape()));
  // Not a product with 0: the log-probability of an ignored sample may be infinite.
  const Tensor of_target = squeeze(logp.defined() ? gather(logp, d, at) : log_softmax_at(input, d, at), d);
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
  const int d = class_dim("cross_entropy", input);
  check_weight("cross_entropy", input, options.weight, d);
  const double smoothing = options.label_smoothing;
  check(smoothing >= 0 && smoothing <= 1, "cross_entropy: label_smoothing must be in [0, 1]; it is {}",
      smoothing);
  if (!is_floating_point(target.dtype()))
    return of_classes(
        "cross_entropy", input, smoothing > 0 ? log_softmax(input, d) : Tensor(), target, d, options);

  autograd::check_same_kind("cross_entropy", input, target);
  check(target.shape() == input.shape(),
      "cross_entropy: probabilities must have the input's shape; it is {}, theirs {}; classes must be int64, "
      "they are {}",
      input.shape(), target.shape(), target.dtype());
  const std::int64_t classes = input.size(d);
  Tensor weighted =
      smoothing > 0 ? add(mul(target, 1 - smoothing), smoothing / static_cast<double>(classes)) : target;
  if (options.weight.defined()) weighted = mul(weighted, beside(options.weight, input, d));
  const Tensor each = neg(sum(mul(log_softmax(input, d), weighted), {d}));
  return reduced("cross_entropy", each, ones_like(each), options.reduction);
}

Tensor nll_loss(const Tensor& input, const Tensor& target, const NllLossOptions& options, CallSite site) {
  const Call call("nll_loss", site);
  const int d = class_dim("nll_loss", input);
  check_weight("nll_loss", input, options.weight, d);
  return of_classes("nll_loss", input, input, target, d,
      {.reduction = options.reduction, .weight = options.weight, .ignore_index = options.ignore_index});
}

}  // namespace tenon
