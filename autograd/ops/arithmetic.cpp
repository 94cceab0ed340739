// Arithmetic of two and three operands.
#include <limits>

#include <tenon/autograd/ops/common.h>

namespace tenon {

using autograd::binary;
using autograd::Broadcast;
using autograd::check_floating;
using autograd::check_scalar;
using autograd::Input;
using autograd::number_beside;
using autograd::record;
using autograd::result;
using autograd::with;

Tensor add(const Tensor& a, const Tensor& b, CallSite site) {
  const Call call("add", site);
  return record("add", site, binary(arith::Add(), a, b), Broadcast(a, [](const Tensor& g) { return g; }),
      Broadcast(b, [](const Tensor& g) { return g; }));
}

Tensor add(const Tensor& a, double b, CallSite site) {
  const Call call("add", site);
  check_scalar("add", a, b);
  return record("add", site, binary(arith::Add(), a, b), Input(a, [](const Tensor& g) { return g; }));
}

Tensor sub(const Tensor& a, const Tensor& b, CallSite site) {
  const Call call("sub", site);
  return record("sub", site, binary(arith::Sub(), a, b), Broadcast(a, [](const Tensor& g) { return g; }),
      Broadcast(b, [](const Tensor& g) { return neg(g); }));
}

Tensor sub(const Tensor& a, double b, CallSite site) {
  const Call call("sub", site);
  check_scalar("sub", a, b);
  return record("sub", site, binary(arith::Sub(), a, b), Input(a, [](const Tensor& g) { return g; }));
}

Tensor sub(double a, const Tensor& b, CallSite site) {
  const Call call("sub", site);
  check_scalar("sub", b, a);
  return record("sub", site, binary(arith::Sub(), a, b), Input(b, [](const Tensor& g) { return neg(g); }));
}

Tensor mul(const Tensor& a, const Tensor& b, CallSite site) {
  const Call call("mul", site);
  return record("mul", site, binary(arith::Mul(), a, b),
      Broadcast(a, with(b), [](const Tensor& g, const Tensor& y) { return mul(g, y); }),
      Broadcast(b, with(a), [](const Tensor& g, const Tensor& x) { return mul(g, x); }));
}

Tensor mul(const Tensor& a, double b, CallSite site) {
  const Call call("mul", site);
  check_scalar("mul", a, b);
  return record(
      "mul", site, binary(arith::Mul(), a, b), Input(a, [b](const Tensor& g) { return mul(g, b); }));
}

Tensor div(const Tensor& a, const Tensor& b, CallSite site) {
  const Call call("div", site);
  return record("div", site, binary(arith::Div(), a, b),
      Broadcast(a, with(b), [](const Tensor& g, const Tensor& y) { return div(g, y); }),
      Broadcast(b, with(a, b),
          [](const Tensor& g, const Tensor& x, const Tensor& y) { return neg(mul(g, div(div(x, y), y))); }));
}

Tensor div(const Tensor& a, double b, CallSite site) {
  const Call call("div", site);
  return record(
      "div", site, binary(arith::Div(), a, b), Input(a, [b](const Tensor& g) { return div(g, b); }));
}

Tensor div(double a, const Tensor& b, CallSite site) {
  const Call call("div", site);
  return record("div", site, binary(arith::Div(), a, b),
      Input(b, with(b), [a](const Tensor& g, const Tensor& y) { return neg(mul(g, div(div(a, y), y))); }));
}

Tensor neg(const Tensor& a, CallSite site) {
  const Call call("neg", site);
  return record(
      "neg", site, autograd::unary(arith::Neg(), a), Input(a, [](const Tensor& g) { return neg(g); }));
}

namespace {

/// Uses an exact or shorter form for the exponents that have one (docs/numerics.md).
Tensor power(const Tensor& a, double exponent) {
  if (exponent == 0) return ones_like(a);
  if (exponent == 1) return autograd::copy(a, a.dtype());
  if (exponent == 2) return autograd::unary(arith::Square(), a);
  if (exponent == 3) return autograd::unary(arith::Cube(), a);
  if (exponent == 0.5) return autograd::unary(arith::Root(), a);
  if (exponent == -1) return autograd::unary(arith::Reciprocal(), a);
  return binary(arith::Pow(), a, exponent);
}

/// True where a^e is 1 for every a, while e a^(e-1) would be 0 times something that is not finite.
Tensor constant_power(const Tensor& a, const Tensor& e) {
  const NoGradGuard no_grad;
  const Tensor finite = lt(abs(div(1, a)), std::numeric_limits<double>::infinity());
  return tenon::where(finite, zeros_like(finite), eq(e, 0));
}

}  // namespace

Tensor pow(const Tensor& a, double exponent, CallSite site) {
  const Call call("pow", site);
  check_floating("pow", a);
  return record(
      "pow", site, power(a, exponent), Input(a, with(a), [exponent](const Tensor& g, const Tensor& x) {
        if (exponent == 0) return zeros_like(g);
        return mul(mul(g, exponent), pow(x, exponent - 1));
      }));
}

Tensor pow(const Tensor& a, const Tensor& exponent, CallSite site) {
  const Call call("pow", site);
  check_floating("pow", a);
  Tensor out = binary(arith::Pow(), a, exponent);
  return record("pow", site, out,
      Broadcast(a, with(a, exponent),
          [](const Tensor& g, const Tensor& x, const Tensor& e) {
            // Where the exponent is 0 and 1 / x is not finite, the slope is 0, not 0 * inf. Elsewhere an
            // exponent of 0 is differentiated like any other: the slope has a gradient with respect to it.
            const Tensor flat = constant_power(x, e);
            const Tensor slope = mul(e, pow(tenon::where(flat, 1.0, x), sub(e, 1)));
            return mul(g, tenon::where(flat, 0.0, slope));
          }),
      Broadcast(exponent, with(a, exponent, result(out)),
          [](const Tensor& g, const Tensor& x, const Tensor& e, const Tensor& y) {
            // where x is 0 and the exponent is not negative, the limit is 0, not 0 * log 0
            const Tensor flat = tenon::where(x == 0, e >= 0, zeros_like(e >= 0));
            return mul(mul(g, y), log(tenon::where(flat, 1.0, x)));
          }));
}

Tensor pow(double a, const Tensor& exponent, CallSite site) {
  const Call call("pow", site);
  check_floating("pow", exponent);
  return pow(number_beside(exponent, a), exponent);
}

namespace {

/// Selects, with comparison `loses`, the larger or the smaller of two elements. Equal elements share the
/// gradient evenly; if one is NaN, both get all of it, as in PyTorch.
template <class Op>
Tensor extremum(Op op, Tensor (*loses)(const Tensor&, const Tensor&, CallSite), const Tensor& a,
    const Tensor& b, CallSite site) {
  const Call call(Op::name, site);
  const auto share = [loses](const Tensor& g, const Tensor& mine, const Tensor& other) {
    const Tensor part = where(eq(mine, other), mul(g, 0.5), g);
    return where(loses(mine, other, CallSite::current()), 0.0, part);
  };
  return record(Op::name, site, autograd::binary(op, a, b), Broadcast(a, with(a, b), share),
      Broadcast(b, with(b, a), share));
}

}  // namespace

Tensor maximum(const Tensor& a, const Tensor& b, CallSite site) {
  return extremum(arith::Maximum(), &lt, a, b, site);
}

Tensor maximum(const Tensor& a, double b, CallSite site) {
  const Call call("maximum", site);
  return maximum(a, number_beside(a, b));
}

Tensor maximum(double a, const Tensor& b, CallSite site) {
  const Call call("maximum", site);
  return maximum(number_beside(b, a), b);
}

Tensor minimum(const Tensor& a, const Tensor& b, CallSite site) {
  return extremum(arith::Minimum(), &gt, a, b, site);
}

Tensor minimum(const Tensor& a, double b, CallSite site) {
  const Call call("minimum", site);
  return minimum(a, number_beside(a, b));
}

Tensor minimum(double a, const Tensor& b, CallSite site) {
  const Call call("minimum", site);
  return minimum(number_beside(b, a), b);
}

Tensor hypot(const Tensor& a, const Tensor& b, CallSite site) {
  const Call call("hypot", site);
  Tensor out = binary(arith::Hypot(), a, b);
  const auto share = [](const Tensor& g, const Tensor& x, const Tensor& y) { return mul(g, div(x, y)); };
  return record("hypot", site, out, Broadcast(a, with(a, result(out)), share),
      Broadcast(b, with(b, result(out)), share));
}

Tensor atan2(const Tensor& a, const Tensor& b, CallSite site) {
  const Call call("atan2", site);
  const auto along = [](const Tensor& g, const Tensor& x, const Tensor& y) {
    return mul(g, div(y, add(square(x), square(y))));
  };
  return record("atan2", site, binary(arith::Atan2(), a, b), Broadcast(a, with(a, b), along),
      Broadcast(b, with(b, a),
          [along](const Tensor& g, const Tensor& x, const Tensor& y) { return neg(along(g, x, y)); }));
}

namespace {

/// A remainder a - n b.
template <class Op>
Tensor remainder_of(Op op, const Tensor& a, const Tensor& b, CallSite site) {
  const Call call(Op::name, site);
  Tensor out = binary(op, a, b);
  return record(Op::name, site, out, Broadcast(a, [](const Tensor& g) { return g; }),
      Broadcast(
          b, with(a, b, result(out)), [](const Tensor& g, const Tensor& x, const Tensor& y, const Tensor& r) {
            // a / b, rounded, may be the next whole number.
            const Tensor n = round(div(sub(x, r), y));
            return neg(mul(g, n));
          }));
}
template <class Op>
Tensor remainder_of(Op op, const Tensor& a, double b, CallSite site) {
  const Call call(Op::name, site);
  return record(Op::name, site, binary(op, a, b), Input(a, [](const Tensor& g) { return g; }));
}

}  // namespace

Tensor fmod(const Tensor& a, const Tensor& b, CallSite site) {
  return remainder_of(arith::Fmod(), a, b, site);
}
Tensor fmod(const Tensor& a, double b, CallSite site) { return remainder_of(arith::Fmod(), a, b, site); }
Tensor remainder(const Tensor& a, const Tensor& b, CallSite site) {
  return remainder_of(arith::Remainder(), a, b, site);
}
Tensor remainder(const Tensor& a, double b, CallSite site) {
  return remainder_of(arith::Remainder(), a, b, site);
}

Tensor lerp(const Tensor& start, const Tensor& end, const Tensor& weight, CallSite site) {
  const Call call("lerp", site);
  return record("lerp", site, autograd::ternary(arith::Lerp(), start, end, weight),
      Broadcast(start, with(weight), [](const Tensor& g, const Tensor& w) { return mul(g, sub(1, w)); }),
      Broadcast(end, with(weight), [](const Tensor& g, const Tensor& w) { return mul(g, w); }),
      Broadcast(weight, with(start, end),
          [](const Tensor& g, const Tensor& x, const Tensor& y) { return mul(g, sub(y, x)); }));
}

Tensor lerp(const Tensor& start, const Tensor& end, double weight, CallSite site) {
  const Call call("lerp", site);
  autograd::check_same_kind("lerp", start, end);
  const Shape shape = broadcast_shapes("lerp", start.shape(), end.shape());
  Tensor out = autograd::new_tensor(shape, start.dtype(), start.stream());
  kernels::ternary(start.stream(), arith::Lerp(), start.dtype(), shape, out.raw(),
      autograd::Operand("lerp", start, shape), autograd::Operand("lerp", end, shape), weight);
  return record("lerp", site, std::move(out),
      Broadcast(start, [weight](const Tensor& g) { return mul(g, 1 - weight); }),
      Broadcast(end, [weight](const Tensor& g) { return mul(g, weight); }));
}

Tensor addcmul(const Tensor& a, const Tensor& b, const Tensor& c, double value, CallSite site) {
  const Call call("addcmul", site);
  const auto factor = [value](const Tensor& g, const Tensor& other) { return mul(g, mul(other, value)); };
  return record("addcmul", site, autograd::ternary(arith::Addcmul(), a, b, c, {value}),
      Broadcast(a, [](const Tensor& g) { return g; }), Broadcast(b, with(c), factor),
      Broadcast(c, with(b), factor));
}

}  // namespace tenon
