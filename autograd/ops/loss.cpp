// The squared and the absolute error.
#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/gradients.h>
#include <tenon/autograd/tape/running.h>
#include <tenon/kernels/mse.h>
#include <tenon/kernels/reduce.h>

namespace tenon {

using autograd::Broadcast;
using autograd::check_same_kind;
using autograd::Input;
using autograd::new_tensor;
using autograd::Operand;
using autograd::prepared;
using autograd::record;
using autograd::with;

namespace {

void check_loss(const char* op, const Tensor& input, const Tensor& target, Reduction reduction) {
  check(input.shape() == target.shape(), "{}: shapes differ; the input is {}, the target {}", op,
      input.shape(), target.shape());
  check_same_kind(op, input, target);
  check(reduction != Reduction::mean || input.numel() > 0,
      "{}: there are no elements to average; the shape is {}", op, input.shape());
}

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

}  // namespace autograd
}  // namespace tenon
