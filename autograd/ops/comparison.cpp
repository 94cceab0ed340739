// Comparisons, and the operations that choose by one.
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
using autograd::with;

namespace {

template <class Op>
Tensor compare(Op op, const Tensor& a, const Tensor& b, CallSite site) {
  const Call call(Op::name, site);
  check_same_kind(Op::name, a, b);
  Tensor out = new_tensor(broadcast_shapes(Op::name, a.shape(), b.shape()), DType::boolean, a.stream());
  kernels::compare(a.stream(), op, a.dtype(), out.shape(), out.raw(), Operand(Op::name, a, out.shape()),
      Operand(Op::name, b, out.shape()));
  return out;
}

template <class Op>
Tensor compare(Op op, const Tensor& a, double b, CallSite site) {
  const Call call(Op::name, site);
  autograd::check_scalar(Op::name, a, b);
  Tensor out = new_tensor(a.shape(), DType::boolean, a.stream());
  kernels::compare(a.stream(), op, a.dtype(), out.shape(), out.raw(), Operand("", a, out.shape()), b);
  return out;
}

}  // namespace

Tensor eq(const Tensor& a, const Tensor& b, CallSite site) { return compare(arith::Eq(), a, b, site); }
Tensor eq(const Tensor& a, double b, CallSite site) { return compare(arith::Eq(), a, b, site); }
Tensor ne(const Tensor& a, const Tensor& b, CallSite site) { return compare(arith::Ne(), a, b, site); }
Tensor ne(const Tensor& a, double b, CallSite site) { return compare(arith::Ne(), a, b, site); }
Tensor lt(const Tensor& a, const Tensor& b, CallSite site) { return compare(arith::Lt(), a, b, site); }
Tensor lt(const Tensor& a, double b, CallSite site) { return compare(arith::Lt(), a, b, site); }
Tensor le(const Tensor& a, const Tensor& b, CallSite site) { return compare(arith::Le(), a, b, site); }
Tensor le(const Tensor& a, double b, CallSite site) { return compare(arith::Le(), a, b, site); }
Tensor gt(const Tensor& a, const Tensor& b, CallSite site) { return compare(arith::Gt(), a, b, site); }
Tensor gt(const Tensor& a, double b, CallSite site) { return compare(arith::Gt(), a, b, site); }
Tensor ge(const Tensor& a, const Tensor& b, CallSite site) { return compare(arith::Ge(), a, b, site); }
Tensor ge(const Tensor& a, double b, CallSite site) { return compare(arith::Ge(), a, b, site); }

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

namespace {

/// The one of two elements that `loses` to no other. Equal elements share the gradient evenly; where one is
/// NaN neither loses, and both get all of it, as in PyTorch.
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

Tensor minimum(const Tensor& a, const Tensor& b, CallSite site) {
  return extremum(arith::Minimum(), &gt, a, b, site);
}

Tensor clamp(const Tensor& a, double low, double high, CallSite site) {
  const Call call("clamp", site);
  autograd::check_scalar("clamp", a, std::isfinite(low) ? low : 0);
  autograd::check_scalar("clamp", a, std::isfinite(high) ? high : 0);
  check(low <= high, "clamp: the bounds must be in order; they are {} and {}", low, high);
  return record("clamp", site, autograd::unary(arith::Clamp(), a, {low, high}),
      Input(a, with(a), [low, high](const Tensor& g, const Tensor& x) {
        return autograd::clamp_backward(g, x, low, high);
      }));
}

namespace autograd {

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

bool equal(const Tensor& a, const Tensor& b, CallSite site) {
  const Call call("equal", site);
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  return ne(a, b).sum().item<std::int64_t>() == 0;
}

bool allclose(const Tensor& a, const Tensor& b, double rtol, double atol, CallSite site) {
  const Call call("allclose", site);
  autograd::check_floating("allclose", a);
  const NoGradGuard no_grad;
  const Tensor distance = abs(sub(a, b));
  const Tensor within = le(distance, add(mul(abs(b), rtol), atol));
  const Tensor close = tenon::where(
      eq(a, b), ones_like(within), tenon::where(lt(distance, INFINITY), within, zeros_like(within)));
  return close.sum().item<std::int64_t>() == close.numel();
}

}  // namespace tenon
