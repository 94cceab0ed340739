// Losses of the difference between input and target.
#include <tenon/autograd/ops/gradients.h>
#include <tenon/autograd/ops/loss_common.h>
#include <tenon/autograd/tape/running.h>
#include <tenon/kernels/mse.h>
#include <tenon/kernels/reduce.h>

namespace tenon {

using autograd::Broadcast;
using autograd::check_loss;
using autograd::check_reduction;
using autograd::check_same_kind;
using autograd::Input;
using autograd::new_tensor;
using autograd::Operand;
using autograd::prepared;
using autograd::record;
using autograd::with;

namespace {

/// The loss in one pass: each element, or their sum divided by `count`.
Tensor loss(const char* op, arith::BinaryOp each, arith::ReduceOp all, const Tensor& input,
    const Tensor& target, Reduction reduction, double count) {
  if (reduction == Reduction::none) return autograd::binary(each, input, target);
  Tensor out = new_tensor({}, input.dtype(), input.stream());
  kernels::reduce(input.stream(), all, input.dtype(), input.shape(), (1u << input.dim()) - 1, out.raw(),
      Operand(op, input, input.shape()), Operand(op, target, input.shape()), count);
  return out;
}

}  // namespace

Tensor mse_loss(const Tensor& input, const Tensor& target, Reduction reduction, CallSite site) {
  const Call call("mse_loss", site);
  check_reduction("mse_loss", reduction);
  check_loss("mse_loss", input, target, reduction);
  const double count = reduction == Reduction::mean ? static_cast<double>(input.numel()) : 1;
  Tensor out, slope;  // slope: the gradient of the input for an upstream gradient of 1
  // Saves a launch on a GPU; on the CPU the additional pass over memory does not pay off.
  const bool both = input.device().is_cuda() && grad_enabled() && input.requires_grad();
  if (both && reduction != Reduction::none && input.is_contiguous() && target.is_contiguous()) {
    out = new_tensor({}, input.dtype(), input.stream());
    slope = new_tensor(input.shape(), input.dtype(), input.stream());
    kernels::mse(input.stream(), input.dtype(), input.numel(), out.raw(), slope.raw(), input.raw(),
        target.raw(), count);
  } else {
    out = loss("mse_loss", arith::SquaredDifference(), arith::SumOfSquaredDifferences(), input, target,
        reduction, count);
  }
  return record("mse_loss", site, std::move(out),
      Input(input, with(input, target, prepared(slope)),
          [count](const Tensor& g, const Tensor& x, const Tensor& y, const Tensor& ready) {
            if (ready.defined() && autograd::is_seed_gradient(g)) return ready;
            return autograd::scaled_difference(g, x, y, 2, count);
          }),
      Input(target, with(input, target), [count](const Tensor& g, const Tensor& x, const Tensor& y) {
        return autograd::scaled_difference(g, x, y, -2, count);
      }));
}

Tensor l1_loss(const Tensor& input, const Tensor& target, Reduction reduction, CallSite site) {
  const Call call("l1_loss", site);
  check_reduction("l1_loss", reduction);
  check_loss("l1_loss", input, target, reduction);
  const double count = reduction == Reduction::mean ? static_cast<double>(input.numel()) : 1;
  return record("l1_loss", site,
      loss("l1_loss", arith::AbsoluteDifference(), arith::SumOfAbsoluteDifferences(), input, target,
          reduction, count),
      Input(input, with(input, target),
          [count](const Tensor& g, const Tensor& x, const Tensor& y) {
            return autograd::scaled_sign(g, x, y, 1, count);
          }),
      Input(target, with(input, target), [count](const Tensor& g, const Tensor& x, const Tensor& y) {
        return autograd::scaled_sign(g, x, y, -1, count);
      }));
}

namespace {

/// d^2 / (2 beta) where |d| < beta * most, d = input - target, and its tangents elsewhere.
Tensor huber(const char* op, const Tensor& input, const Tensor& target, Reduction reduction, double beta,
    double most, CallSite site) {
  const auto pullback = [beta, most](const Tensor& g, const Tensor& x, const Tensor& y) {
    return autograd::huber_backward(g, x, y, beta, most);
  };
  const Tensor each = record(op, site, autograd::binary(arith::Huber(), input, target, {beta, most}),
      Input(input, with(input, target), pullback), Input(target, with(target, input), pullback));
  return autograd::reduced(each, reduction);
}

}  // namespace

Tensor huber_loss(
    const Tensor& input, const Tensor& target, Reduction reduction, double delta, CallSite site) {
  const Call call("huber_loss", site);
  check_reduction("huber_loss", reduction);
  check_loss("huber_loss", input, target, reduction);
  autograd::check_floating("huber_loss", input);
  check(delta > 0 && autograd::is_finite_in(input.dtype(), delta),
      "huber_loss: delta must be positive and finite; it is {}", delta);
  return huber("huber_loss", input, target, reduction, 1, delta, site);
}

Tensor smooth_l1_loss(
    const Tensor& input, const Tensor& target, Reduction reduction, double beta, CallSite site) {
  const Call call("smooth_l1_loss", site);
  check_reduction("smooth_l1_loss", reduction);
  check_loss("smooth_l1_loss", input, target, reduction);
  autograd::check_floating("smooth_l1_loss", input);
  check(beta >= 0 && autograd::is_finite_in(input.dtype(), beta),
      "smooth_l1_loss: beta must not be negative and must be finite; it is {}", beta);
  // 0, or so small that the parabola is narrower than the dtype can tell
  if (!autograd::is_finite_in(input.dtype(), 1 / beta)) return l1_loss(input, target, reduction, site);
  return huber("smooth_l1_loss", input, target, reduction, beta, 1, site);
}

namespace autograd {

Tensor scaled_difference(const Tensor& g, const Tensor& a, const Tensor& b, double scale, double count) {
  check_same_kind("scaled_difference", g, a);
  Tensor out = new_tensor(a.shape(), a.dtype(), a.stream());
  kernels::ternary(a.stream(), arith::ScaledDifference(), a.dtype(), a.shape(), out.raw(),
      Operand("scaled_difference", g, a.shape()), Operand("scaled_difference", a, a.shape()),
      Operand("scaled_difference", b, a.shape()), {scale, count});
  return record("scaled_difference", CallSite::current(), std::move(out),
      Broadcast(g, with(a, b),
          [scale, count](const Tensor& gg, const Tensor& x, const Tensor& y) {
            return scaled_difference(gg, x, y, scale, count);
          }),
      Input(a, with(g),
          [scale, count](const Tensor& gg, const Tensor& upstream) {
            return mul(gg, div(mul(upstream, scale), count));
          }),
      Input(b, with(g), [scale, count](const Tensor& gg, const Tensor& upstream) {
        return mul(gg, div(mul(upstream, -scale), count));
      }));
}

Tensor scaled_sign(const Tensor& g, const Tensor& a, const Tensor& b, double scale, double count) {
  check_same_kind("scaled_sign", g, a);
  Tensor out = new_tensor(a.shape(), a.dtype(), a.stream());
  kernels::ternary(a.stream(), arith::ScaledSign(), a.dtype(), a.shape(), out.raw(),
      Operand("scaled_sign", g, a.shape()), Operand("scaled_sign", a, a.shape()),
      Operand("scaled_sign", b, a.shape()), {scale, count});
  return record("scaled_sign", CallSite::current(), std::move(out),
      Broadcast(g, with(a, b), [scale, count](const Tensor& gg, const Tensor& x, const Tensor& y) {
        return scaled_sign(gg, x, y, scale, count);
      }));
}

Tensor huber_backward(const Tensor& g, const Tensor& a, const Tensor& b, double beta, double most) {
  // PyTorch's second derivative at the kink is 0.
  const auto curve = [beta, most](
                         const Tensor& gg, const Tensor& upstream, const Tensor& x, const Tensor& y) {
    return where(lt(abs(sub(x, y)), beta * most), div(mul(gg, upstream), beta), 0.0);
  };
  return record("huber_backward", CallSite::current(), ternary(arith::HuberBackward(), g, a, b, {beta, most}),
      Broadcast(g, with(a, b),
          [beta, most](const Tensor& gg, const Tensor& x, const Tensor& y) {
            return huber_backward(gg, x, y, beta, most);
          }),
      Input(a, with(g, a, b), curve),
      Input(b, with(g, a, b),
          [curve](const Tensor& gg, const Tensor& upstream, const Tensor& x, const Tensor& y) {
            return neg(curve(gg, upstream, x, y));
          }));
}

}  // namespace autograd
}  // namespace tenon
