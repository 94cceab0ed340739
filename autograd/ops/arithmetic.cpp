// + - * / and the powers.
#include <limits>

#include <tenon/autograd/ops/common.h>

namespace tenon {

using autograd::binary;
using autograd::Broadcast;
using autograd::check_floating;
using autograd::check_number;
using autograd::check_scalar;
using autograd::Input;
using autograd::record;
using autograd::Saved;
using autograd::SavedOutput;
using kernels::Binary;

Tensor add(const Tensor& a, const Tensor& b, Where where) {
  const Call call("add", where);
  check_number("add", a);
  return record("add", where, binary("add", Binary::add, a, b),
      Broadcast(a, [] { return [](const Tensor& g) { return g; }; }),
      Broadcast(b, [] { return [](const Tensor& g) { return g; }; }));
}

Tensor add(const Tensor& a, double b, Where where) {
  const Call call("add", where);
  check_scalar("add", a, b);
  return record(
      "add", where, binary(Binary::add, a, b), Input(a, [] { return [](const Tensor& g) { return g; }; }));
}

Tensor sub(const Tensor& a, const Tensor& b, Where where) {
  const Call call("sub", where);
  check_number("sub", a);
  return record("sub", where, binary("sub", Binary::sub, a, b),
      Broadcast(a, [] { return [](const Tensor& g) { return g; }; }),
      Broadcast(b, [] { return [](const Tensor& g) { return neg(g); }; }));
}

Tensor sub(const Tensor& a, double b, Where where) {
  const Call call("sub", where);
  check_scalar("sub", a, b);
  return record(
      "sub", where, binary(Binary::sub, a, b), Input(a, [] { return [](const Tensor& g) { return g; }; }));
}

Tensor sub(double a, const Tensor& b, Where where) {
  const Call call("sub", where);
  check_scalar("sub", b, a);
  return record("sub", where, binary(Binary::sub, a, b),
      Input(b, [] { return [](const Tensor& g) { return neg(g); }; }));
}

Tensor mul(const Tensor& a, const Tensor& b, Where where) {
  const Call call("mul", where);
  check_number("mul", a);
  return record("mul", where, binary("mul", Binary::mul, a, b),
      Broadcast(a, [&] { return [b = Saved(b)](const Tensor& g) { return mul(g, b()); }; }),
      Broadcast(b, [&] { return [a = Saved(a)](const Tensor& g) { return mul(g, a()); }; }));
}

Tensor mul(const Tensor& a, double b, Where where) {
  const Call call("mul", where);
  check_scalar("mul", a, b);
  return record("mul", where, binary(Binary::mul, a, b),
      Input(a, [b] { return [b](const Tensor& g) { return mul(g, b); }; }));
}

Tensor div(const Tensor& a, const Tensor& b, Where where) {
  const Call call("div", where);
  check_floating("div", a);
  return record("div", where, binary("div", Binary::div, a, b),
      Broadcast(a, [&] { return [b = Saved(b)](const Tensor& g) { return div(g, b()); }; }),
      Broadcast(b, [&] {
        return [a = Saved(a), b = Saved(b)](const Tensor& g) { return neg(mul(g, div(div(a(), b()), b()))); };
      }));
}

Tensor div(const Tensor& a, double b, Where where) {
  const Call call("div", where);
  check_floating("div", a);
  return record("div", where, binary(Binary::div, a, b),
      Input(a, [b] { return [b](const Tensor& g) { return div(g, b); }; }));
}

Tensor div(double a, const Tensor& b, Where where) {
  const Call call("div", where);
  check_floating("div", b);
  return record("div", where, binary(Binary::div, a, b), Input(b, [&] {
    return [a, b = Saved(b)](const Tensor& g) { return neg(mul(g, div(div(a, b()), b()))); };
  }));
}

Tensor neg(const Tensor& a, Where where) {
  const Call call("neg", where);
  check_number("neg", a);
  return record("neg", where, autograd::unary("neg", kernels::Unary::neg, a),
      Input(a, [] { return [](const Tensor& g) { return neg(g); }; }));
}

namespace {

/// The exponents with an exact or shorter form (docs/numerics.md).
Tensor power(const Tensor& a, double exponent) {
  using kernels::Unary;
  if (exponent == 0) return ones_like(a);
  if (exponent == 1) return autograd::copy(a, a.dtype());
  if (exponent == 2) return autograd::unary("pow", Unary::square, a);
  if (exponent == 3) return autograd::unary("pow", Unary::cube, a);
  if (exponent == 0.5) return autograd::unary("pow", Unary::root, a);
  if (exponent == -1) return autograd::unary("pow", Unary::reciprocal, a);
  return binary(Binary::pow, a, exponent);
}

/// Where a^e is 1 for every a, while e a^(e-1) would be 0 times something that is not finite.
Tensor constant_power(const Tensor& a, const Tensor& e) {
  const NoGradGuard no_grad;
  const Tensor finite = lt(abs(div(1, a)), std::numeric_limits<double>::infinity());
  return tenon::where(finite, zeros_like(finite), eq(e, 0));
}

}  // namespace

Tensor pow(const Tensor& a, double exponent, Where where) {
  const Call call("pow", where);
  check_floating("pow", a);
  return record("pow", where, power(a, exponent), Input(a, [&] {
    return [a = Saved(a), exponent](const Tensor& g) {
      if (exponent == 0) return zeros_like(g);
      return mul(mul(g, exponent), pow(a(), exponent - 1));
    };
  }));
}

Tensor pow(const Tensor& a, const Tensor& exponent, Where where) {
  const Call call("pow", where);
  check_floating("pow", a);
  Tensor out = binary("pow", Binary::pow, a, exponent);
  return record("pow", where, out,
      Broadcast(a,
          [&] {
            return [a = Saved(a), e = Saved(exponent)](const Tensor& g) {
              // Where the exponent is 0 and 1 / a is not finite, the slope is 0, not 0 * inf. Elsewhere an
              // exponent of 0 is on the tape like any other: the slope has a gradient with respect to it.
              const Tensor flat = constant_power(a(), e());
              const Tensor slope = mul(e(), pow(tenon::where(flat, 1.0, a()), sub(e(), 1)));
              return mul(g, tenon::where(flat, 0.0, slope));
            };
          }),
      Broadcast(exponent, [&] {
        return [a = Saved(a), e = Saved(exponent), y = SavedOutput(out)](const Tensor& g) {
          // where a is 0 and the exponent is not negative, the limit is 0, not 0 * log 0
          const Tensor flat = tenon::where(a() == 0, e() >= 0, zeros_like(e() >= 0));
          return mul(mul(g, y()), log(tenon::where(flat, 1.0, a())));
        };
      }));
}

}  // namespace tenon
