// Losses of probabilities: the binary cross entropy and the Kullback-Leibler divergence.
#include <limits>

#include <tenon/autograd/ops/gradients.h>
#include <tenon/autograd/ops/loss_common.h>

namespace tenon {

using autograd::check_loss;
using autograd::check_reduction;
using autograd::Input;
using autograd::record;
using autograd::with;

namespace {

/// Checks a factor that is broadcast to the input's shape.
void check_factor(const char* op, const char* name, const Tensor& input, const Tensor& factor) {
  if (!factor.defined()) return;
  autograd::check_same_kind(op, input, factor);
  check(broadcast_shapes(op, input.shape(), factor.shape()) == input.shape(),
      "{}: {} of shape {} does not broadcast to the input's shape, {}", op, name, factor.shape(),
      input.shape());
}

Tensor weighted(const Tensor& each, const Tensor& weight) {
  return weight.defined() ? mul(each, weight) : each;
}

/// The logarithm, or -100 if it is less
Tensor bounded(const Tensor& logarithm) { return maximum(logarithm, -100); }

/// The binary cross entropy of logits with a factor of its positive part.
Tensor weighted_logits(const Tensor& input, const Tensor& target, const Tensor& pos_weight) {
  // -log(sigmoid(x)) is softplus(-x), and -log(1 - sigmoid(x)) is softplus(x).
  constexpr double everywhere = std::numeric_limits<double>::infinity();
  const Tensor positive = mul(mul(target, pos_weight), softplus(neg(input), 1, everywhere));
  return add(positive, mul(sub(1, target), softplus(input, 1, everywhere)));
}

/// x log(x), and 0 at 0
Tensor xlogx(const Tensor& x, CallSite site) {
  Tensor out;
  {
    const NoGradGuard no_grad;
    out = mul(x, log(where(eq(x, 0), 1.0, x)));
  }
  return record("kl_div", site, std::move(out),
      Input(x, with(x), [](const Tensor& g, const Tensor& at) { return mul(g, add(log(at), 1)); }));
}

}  // namespace

Tensor binary_cross_entropy(
    const Tensor& input, const Tensor& target, const BinaryCrossEntropyOptions& options, CallSite site) {
  constexpr const char* op = "binary_cross_entropy";
  const Call call(op, site);
  check_reduction(op, options.reduction);
  check_loss(op, input, target, options.reduction);
  check_factor(op, "the weight", input, options.weight);
  const Tensor each = record(op, site, autograd::binary(arith::BinaryCrossEntropy(), input, target),
      Input(input, with(input, target),
          [](const Tensor& g, const Tensor& x, const Tensor& t) {
            return autograd::binary_cross_entropy_backward(g, x, t);
          }),
      Input(target, with(input), [](const Tensor& g, const Tensor& x) {
        return mul(g, sub(bounded(log1p(neg(x))), bounded(log(x))));
      }));
  return autograd::reduced(weighted(each, options.weight), options.reduction);
}

Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target,
    const BinaryCrossEntropyWithLogitsOptions& options, CallSite site) {
  constexpr const char* op = "binary_cross_entropy_with_logits";
  const Call call(op, site);
  check_reduction(op, options.reduction);
  check_loss(op, input, target, options.reduction);
  check_factor(op, "the weight", input, options.weight);
  check_factor(op, "pos_weight", input, options.pos_weight);
  const Tensor each =
      options.pos_weight.defined()
          ? weighted_logits(input, target, options.pos_weight)
          : record(op, site, autograd::binary(arith::LogitsCrossEntropy(), input, target),
                Input(input, with(input, target),
                    [](const Tensor& g, const Tensor& x, const Tensor& t) {
                      return autograd::logits_cross_entropy_backward(g, x, t);
                    }),
                Input(target, with(input), [](const Tensor& g, const Tensor& x) { return neg(mul(g, x)); }));
  return autograd::reduced(weighted(each, options.weight), options.reduction);
}

Tensor kl_div(
    const Tensor& input, const Tensor& target, Reduction reduction, bool log_target, CallSite site) {
  const Call call("kl_div", site);
  check_loss("kl_div", input, target, reduction);
  const Tensor each =
      log_target ? mul(exp(target), sub(target, input)) : sub(xlogx(target, site), mul(target, input));
  if (reduction == Reduction::batchmean && input.dim() > 0)
    return div(sum(each), static_cast<double>(input.size(0)));
  return autograd::reduced(each, reduction);
}

namespace autograd {

Tensor binary_cross_entropy_backward(const Tensor& g, const Tensor& x, const Tensor& target) {
  const auto denominator = [](const Tensor& at) { return maximum(mul(sub(1, at), at), 1e-12); };
  return record("binary_cross_entropy_backward", CallSite::current(),
      ternary(arith::BinaryCrossEntropyBackward(), g, x, target),
      Broadcast(g, with(x, target),
          [](const Tensor& gg, const Tensor& at, const Tensor& t) {
            return binary_cross_entropy_backward(gg, at, t);
          }),
      Input(x, with(g, x, target),
          [denominator](const Tensor& gg, const Tensor& upstream, const Tensor& at, const Tensor& t) {
            // (x^2 - 2 x t + t) / (x (1 - x))^2, without cancellation
            const Tensor numerator = add(mul(t, square(sub(1, at))), mul(sub(1, t), square(at)));
            return mul(mul(gg, upstream), div(numerator, square(denominator(at))));
          }),
      Input(target, with(g, x), [denominator](const Tensor& gg, const Tensor& upstream, const Tensor& at) {
        return neg(div(mul(gg, upstream), denominator(at)));
      }));
}

Tensor logits_cross_entropy_backward(const Tensor& g, const Tensor& x, const Tensor& target) {
  return record("logits_cross_entropy_backward", CallSite::current(),
      ternary(arith::LogitsCrossEntropyBackward(), g, x, target),
      Broadcast(g, with(x, target),
          [](const Tensor& gg, const Tensor& at, const Tensor& t) {
            return logits_cross_entropy_backward(gg, at, t);
          }),
      Input(x, with(g, x),
          [](const Tensor& gg, const Tensor& upstream, const Tensor& at) {
            return mul(mul(gg, upstream), mul(sigmoid(at), sigmoid(neg(at))));
          }),
      Input(
          target, with(g), [](const Tensor& gg, const Tensor& upstream) { return neg(mul(gg, upstream)); }));
}

}  // namespace autograd
}  // namespace tenon
