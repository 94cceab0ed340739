// Elementwise functions, and where().
#include <cmath>
#include <limits>
#include <numbers>

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

Tensor expm1(const Tensor& a, CallSite site) {
  const Call call("expm1", site);
  Tensor out = unary(arith::Expm1(), a);
  return record("expm1", site, out,
      Input(a, with(result(out)), [](const Tensor& g, const Tensor& y) { return mul(g, add(y, 1)); }));
}

Tensor log1p(const Tensor& a, CallSite site) {
  const Call call("log1p", site);
  return record("log1p", site, unary(arith::Log1p(), a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return div(g, add(x, 1)); }));
}

Tensor exp2(const Tensor& a, CallSite site) {
  const Call call("exp2", site);
  Tensor out = unary(arith::Exp2(), a);
  return record("exp2", site, out, Input(a, with(result(out)), [](const Tensor& g, const Tensor& y) {
    return mul(g, mul(y, std::numbers::ln2));
  }));
}

Tensor log2(const Tensor& a, CallSite site) {
  const Call call("log2", site);
  return record("log2", site, unary(arith::Log2(), a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return div(g, mul(x, std::numbers::ln2)); }));
}

Tensor sqrt(const Tensor& a, CallSite site) {
  const Call call("sqrt", site);
  Tensor out = unary(arith::Sqrt(), a);
  return record("sqrt", site, out,
      Input(a, with(result(out)), [](const Tensor& g, const Tensor& y) { return div(g, mul(y, 2)); }));
}

Tensor rsqrt(const Tensor& a, CallSite site) {
  const Call call("rsqrt", site);
  Tensor out = unary(arith::Rsqrt(), a);
  return record("rsqrt", site, out, Input(a, with(result(out)), [](const Tensor& g, const Tensor& y) {
    return mul(g, mul(pow(y, 3), -0.5));
  }));
}

Tensor square(const Tensor& a, CallSite site) {
  const Call call("square", site);
  return record("square", site, unary(arith::Square(), a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return mul(g, mul(x, 2)); }));
}

Tensor reciprocal(const Tensor& a, CallSite site) {
  const Call call("reciprocal", site);
  Tensor out = unary(arith::Reciprocal(), a);
  return record("reciprocal", site, out,
      Input(a, with(result(out)), [](const Tensor& g, const Tensor& y) { return neg(mul(g, square(y))); }));
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

Tensor erf(const Tensor& a, CallSite site) {
  const Call call("erf", site);
  return record("erf", site, unary(arith::Erf(), a), Input(a, with(a), [](const Tensor& g, const Tensor& x) {
    return mul(g, mul(exp(neg(square(x))), 2 * std::numbers::inv_sqrtpi));
  }));
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

namespace {

/// A function that is constant between its steps.
template <class Op>
Tensor step_function(Op op, const Tensor& a, CallSite site) {
  const Call call(Op::name, site);
  return record(Op::name, site, unary(op, a), Input(a, [](const Tensor& g) { return zeros_like(g); }));
}

}  // namespace

Tensor sign(const Tensor& a, CallSite site) { return step_function(arith::Sign(), a, site); }
Tensor floor(const Tensor& a, CallSite site) { return step_function(arith::Floor(), a, site); }
Tensor ceil(const Tensor& a, CallSite site) { return step_function(arith::Ceil(), a, site); }
Tensor round(const Tensor& a, CallSite site) { return step_function(arith::Round(), a, site); }
Tensor trunc(const Tensor& a, CallSite site) { return step_function(arith::Trunc(), a, site); }

Tensor clamp(const Tensor& a, double low, double high, CallSite site) {
  const Call call("clamp", site);
  autograd::check_bounds(a, low, high);
  return record("clamp", site, autograd::unary(arith::Clamp(), a, {low, high}),
      Input(a, with(a), [low, high](const Tensor& g, const Tensor& x) {
        return autograd::clamp_backward(g, x, low, high);
      }));
}

Tensor clamp_min(const Tensor& a, double low, CallSite site) {
  const Call call("clamp_min", site);
  return clamp(a, low, INFINITY);
}

Tensor clamp_max(const Tensor& a, double high, CallSite site) {
  const Call call("clamp_max", site);
  return clamp(a, -INFINITY, high);
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

Tensor masked_fill(const Tensor& a, const Tensor& mask, double value, CallSite site) {
  const Call call("masked_fill", site);
  return where(mask, value, a);
}

Tensor masked_fill(const Tensor& a, const Tensor& mask, const Tensor& value, CallSite site) {
  const Call call("masked_fill", site);
  return where(mask, value, a);
}

Tensor nan_to_num(
    const Tensor& a, double nan, std::optional<double> posinf, std::optional<double> neginf, CallSite site) {
  const Call call("nan_to_num", site);
  constexpr double inf = std::numeric_limits<double>::infinity();
  const double largest = visit_floating("nan_to_num", a.dtype(),
      []<class T>(std::type_identity<T>) { return static_cast<double>(std::numeric_limits<T>::max()); });
  const Tensor below = where(eq(a, -inf), neginf.value_or(-largest), a);
  return where(ne(a, a), nan, where(eq(a, inf), posinf.value_or(largest), below));
}

namespace autograd {

void check_bounds(const Tensor& a, double low, double high) {
  check_scalar("clamp", a, std::isfinite(low) ? low : 0);
  check_scalar("clamp", a, std::isfinite(high) ? high : 0);
  check(low <= high, "clamp: the bounds must be in order; they are {} and {}", low, high);
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
  return record("clamp_backward", CallSite::current(), binary(arith::ClampBackward(), g, x, {low, high}),
      Input(g, with(x),
          [low, high](const Tensor& gg, const Tensor& at) { return clamp_backward(gg, at, low, high); }));
}

}  // namespace autograd
}  // namespace tenon
