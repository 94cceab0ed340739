// Elementwise functions, and where().
#include <cmath>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/gradients.h>

namespace tenon {

using autograd::Broadcast;
using autograd::check_same_kind;
using autograd::Input;
using autograd::new_tensor;
using autograd::Operand;
using autograd::record;
using autograd::result;
using autograd::unary;
using autograd::with;

Tensor abs(const Tensor& a, CallSite site) {
  const Call call("abs", site);
  return record("abs", site, unary(arith::Abs(), a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return autograd::abs_backward(g, x); }));
}

Tensor exp(const Tensor& a, CallSite site) {
  const Call call("exp", site);
  Tensor out = unary(arith::Exp(), a);
  return record("exp", site, out,
      Input(a, with(result(out)), [](const Tensor& g, const Tensor& y) { return mul(g, y); }));
}

Tensor log(const Tensor& a, CallSite site) {
  const Call call("log", site);
  return record("log", site, unary(arith::Log(), a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return div(g, x); }));
}

Tensor sqrt(const Tensor& a, CallSite site) {
  const Call call("sqrt", site);
  Tensor out = unary(arith::Sqrt(), a);
  return record("sqrt", site, out,
      Input(a, with(result(out)), [](const Tensor& g, const Tensor& y) { return div(g, mul(y, 2)); }));
}

Tensor sin(const Tensor& a, CallSite site) {
  const Call call("sin", site);
  return record("sin", site, unary(arith::Sin(), a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return mul(g, cos(x)); }));
}

Tensor cos(const Tensor& a, CallSite site) {
  const Call call("cos", site);
  return record("cos", site, unary(arith::Cos(), a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return neg(mul(g, sin(x))); }));
}

Tensor tanh(const Tensor& a, CallSite site) {
  const Call call("tanh", site);
  Tensor out = unary(arith::Tanh(), a);
  return record("tanh", site, out, Input(a, with(result(out)), [](const Tensor& g, const Tensor& y) {
    return autograd::tanh_backward(g, y);
  }));
}

Tensor sigmoid(const Tensor& a, CallSite site) {
  const Call call("sigmoid", site);
  Tensor out = unary(arith::Sigmoid(), a);
  return record("sigmoid", site, out, Input(a, with(result(out)), [](const Tensor& g, const Tensor& y) {
    return autograd::sigmoid_backward(g, y);
  }));
}

Tensor relu(const Tensor& a, CallSite site) {
  const Call call("relu", site);
  return record("relu", site, unary(arith::Relu(), a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return autograd::relu_backward(g, x); }));
}

Tensor clamp(const Tensor& a, double low, double high, CallSite site) {
  const Call call("clamp", site);
  autograd::check_bounds(a, low, high);
  return record("clamp", site, autograd::unary(arith::Clamp(), a, {low, high}),
      Input(a, with(a), [low, high](const Tensor& g, const Tensor& x) {
        return autograd::clamp_backward(g, x, low, high);
      }));
}

namespace {

void check_condition(const Tensor& condition, const Tensor& value) {
  check(condition.dtype() == DType::boolean, "where: the condition must be boolean; its dtype is {}",
      condition.dtype());
  check(condition.device() == value.device(), "where: devices differ; {} and {}", condition.device(),
      value.device());
  check(condition.stream() == value.stream(), "where: the operands were made on different streams");
}

}  // namespace

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b, CallSite site) {
  const Call call("where", site);
  check_condition(condition, a);
  check_same_kind("where", a, b);
  const Shape shape =
      broadcast_shapes("where", condition.shape(), broadcast_shapes("where", a.shape(), b.shape()));
  Tensor out = new_tensor(shape, a.dtype(), a.stream());
  kernels::where(a.stream(), a.dtype(), shape, out.raw(), Operand("where", condition, shape),
      Operand("where", a, shape), Operand("where", b, shape));
  return record("where", site, std::move(out),
      Broadcast(a, with(condition), [](const Tensor& g, const Tensor& c) { return where(c, g, 0.0); }),
      Broadcast(b, with(condition), [](const Tensor& g, const Tensor& c) { return where(c, 0.0, g); }));
}

Tensor where(const Tensor& condition, const Tensor& a, double b, CallSite site) {
  const Call call("where", site);
  check_condition(condition, a);
  autograd::check_scalar("where", a, b);
  const Shape shape = broadcast_shapes("where", condition.shape(), a.shape());
  Tensor out = new_tensor(shape, a.dtype(), a.stream());
  kernels::where(a.stream(), a.dtype(), shape, out.raw(), Operand("where", condition, shape),
      Operand("where", a, shape), b);
  return record("where", site, std::move(out),
      Broadcast(a, with(condition), [](const Tensor& g, const Tensor& c) { return where(c, g, 0.0); }));
}

Tensor where(const Tensor& condition, double a, const Tensor& b, CallSite site) {
  const Call call("where", site);
  check_condition(condition, b);
  autograd::check_scalar("where", b, a);
  const Shape shape = broadcast_shapes("where", condition.shape(), b.shape());
  Tensor out = new_tensor(shape, b.dtype(), b.stream());
  kernels::where(b.stream(), b.dtype(), shape, out.raw(), Operand("where", condition, shape), a,
      Operand("where", b, shape));
  return record("where", site, std::move(out),
      Broadcast(b, with(condition), [](const Tensor& g, const Tensor& c) { return where(c, 0.0, g); }));
}

Tensor where(const Tensor& condition, double a, double b, CallSite site) {
  const Call call("where", site);
  const Tensor other = new_tensor({}, DType::float32, condition.stream());
  kernels::copy(other.stream(), other.dtype(), other.dtype(), other.shape(), other.raw(), b);
  return where(condition, a, other);
}

namespace autograd {

void check_bounds(const Tensor& a, double low, double high) {
  check_scalar("clamp", a, std::isfinite(low) ? low : 0);
  check_scalar("clamp", a, std::isfinite(high) ? high : 0);
  check(low <= high, "clamp: the bounds must be in order; they are {} and {}", low, high);
}

Tensor relu_backward(const Tensor& g, const Tensor& x) {
  return record("relu_backward", CallSite::current(), binary(arith::ReluBackward(), g, x),
      Input(g, with(x), [](const Tensor& gg, const Tensor& at) { return relu_backward(gg, at); }));
}

Tensor abs_backward(const Tensor& g, const Tensor& x) {
  return record("abs_backward", CallSite::current(), binary(arith::AbsBackward(), g, x),
      Input(g, with(x), [](const Tensor& gg, const Tensor& at) { return abs_backward(gg, at); }));
}

Tensor tanh_backward(const Tensor& g, const Tensor& y) {
  return record("tanh_backward", CallSite::current(), binary(arith::TanhBackward(), g, y),
      Input(g, with(y), [](const Tensor& gg, const Tensor& at) { return tanh_backward(gg, at); }),
      Input(y, with(g, y), [](const Tensor& gg, const Tensor& upstream, const Tensor& at) {
        return mul(mul(mul(gg, upstream), at), -2);
      }));
}

Tensor sigmoid_backward(const Tensor& g, const Tensor& y) {
  return record("sigmoid_backward", CallSite::current(), binary(arith::SigmoidBackward(), g, y),
      Input(g, with(y), [](const Tensor& gg, const Tensor& at) { return sigmoid_backward(gg, at); }),
      Input(y, with(g, y), [](const Tensor& gg, const Tensor& upstream, const Tensor& at) {
        return mul(mul(gg, upstream), sub(1, mul(at, 2)));
      }));
}

Tensor clamp_backward(const Tensor& g, const Tensor& x, double low, double high) {
  check_same_kind("clamp_backward", g, x);
  Tensor out = new_tensor(x.shape(), x.dtype(), x.stream());
  kernels::binary(x.stream(), arith::ClampBackward(), x.dtype(), x.shape(), out.raw(),
      Operand("clamp_backward", g, x.shape()), Operand("clamp_backward", x, x.shape()), {low, high});
  return record("clamp_backward", CallSite::current(), std::move(out),
      Input(g, with(x),
          [low, high](const Tensor& gg, const Tensor& at) { return clamp_backward(gg, at, low, high); }));
}

}  // namespace autograd
}  // namespace tenon
