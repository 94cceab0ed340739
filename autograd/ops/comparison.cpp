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
using kernels::Compare;

namespace {

Tensor compare(const char* op, Compare kernel, const Tensor& a, const Tensor& b, Where line) {
  const Call call(op, line);
  check_same_kind(op, a, b);
  Tensor out = new_tensor(broadcast_shapes(op, a.shape(), b.shape()), DType::boolean, a.stream());
  kernels::compare(a.stream(), kernel, a.dtype(), out.shape(), out.raw(), Operand(op, a, out.shape()),
      Operand(op, b, out.shape()));
  return out;
}

Tensor compare(const char* op, Compare kernel, const Tensor& a, double b, Where line) {
  const Call call(op, line);
  autograd::check_scalar(op, a, b);
  Tensor out = new_tensor(a.shape(), DType::boolean, a.stream());
  kernels::compare(a.stream(), kernel, a.dtype(), out.shape(), out.raw(), Operand(op, a, out.shape()), b);
  return out;
}

}  // namespace

Tensor eq(const Tensor& a, const Tensor& b, Where line) { return compare("eq", Compare::eq, a, b, line); }
Tensor eq(const Tensor& a, double b, Where line) { return compare("eq", Compare::eq, a, b, line); }
Tensor ne(const Tensor& a, const Tensor& b, Where line) { return compare("ne", Compare::ne, a, b, line); }
Tensor ne(const Tensor& a, double b, Where line) { return compare("ne", Compare::ne, a, b, line); }
Tensor lt(const Tensor& a, const Tensor& b, Where line) { return compare("lt", Compare::lt, a, b, line); }
Tensor lt(const Tensor& a, double b, Where line) { return compare("lt", Compare::lt, a, b, line); }
Tensor le(const Tensor& a, const Tensor& b, Where line) { return compare("le", Compare::le, a, b, line); }
Tensor le(const Tensor& a, double b, Where line) { return compare("le", Compare::le, a, b, line); }
Tensor gt(const Tensor& a, const Tensor& b, Where line) { return compare("gt", Compare::gt, a, b, line); }
Tensor gt(const Tensor& a, double b, Where line) { return compare("gt", Compare::gt, a, b, line); }
Tensor ge(const Tensor& a, const Tensor& b, Where line) { return compare("ge", Compare::ge, a, b, line); }
Tensor ge(const Tensor& a, double b, Where line) { return compare("ge", Compare::ge, a, b, line); }

namespace {

void check_condition(const Tensor& condition, const Tensor& value) {
  check(condition.dtype() == DType::boolean, "where: the condition must be boolean; its dtype is {}",
      condition.dtype());
  check(condition.device() == value.device(), "where: devices differ; {} and {}", condition.device(),
      value.device());
  check(condition.stream() == value.stream(), "where: the operands were made on different streams");
}

}  // namespace

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b, Where line) {
  const Call call("where", line);
  check_condition(condition, a);
  check_same_kind("where", a, b);
  const Shape shape =
      broadcast_shapes("where", condition.shape(), broadcast_shapes("where", a.shape(), b.shape()));
  Tensor out = new_tensor(shape, a.dtype(), a.stream());
  kernels::where(a.stream(), a.dtype(), shape, out.raw(), Operand("where", condition, shape),
      Operand("where", a, shape), Operand("where", b, shape));
  return record("where", line, std::move(out),
      Broadcast(a, with(condition), [](const Tensor& g, const Tensor& c) { return where(c, g, 0.0); }),
      Broadcast(b, with(condition), [](const Tensor& g, const Tensor& c) { return where(c, 0.0, g); }));
}

Tensor where(const Tensor& condition, const Tensor& a, double b, Where line) {
  const Call call("where", line);
  check_condition(condition, a);
  autograd::check_scalar("where", a, b);
  const Shape shape = broadcast_shapes("where", condition.shape(), a.shape());
  Tensor out = new_tensor(shape, a.dtype(), a.stream());
  kernels::where(a.stream(), a.dtype(), shape, out.raw(), Operand("where", condition, shape),
      Operand("where", a, shape), b);
  return record("where", line, std::move(out),
      Broadcast(a, with(condition), [](const Tensor& g, const Tensor& c) { return where(c, g, 0.0); }));
}

Tensor where(const Tensor& condition, double a, const Tensor& b, Where line) {
  const Call call("where", line);
  check_condition(condition, b);
  autograd::check_scalar("where", b, a);
  const Shape shape = broadcast_shapes("where", condition.shape(), b.shape());
  Tensor out = new_tensor(shape, b.dtype(), b.stream());
  kernels::where(b.stream(), b.dtype(), shape, out.raw(), Operand("where", condition, shape), a,
      Operand("where", b, shape));
  return record("where", line, std::move(out),
      Broadcast(b, with(condition), [](const Tensor& g, const Tensor& c) { return where(c, 0.0, g); }));
}

namespace {

/// The one of two elements that `loses` to no other. Equal elements share the gradient evenly; where one is
/// NaN neither loses, and both get all of it, as in PyTorch.
Tensor extremum(const char* op, kernels::Binary kernel, Tensor (*loses)(const Tensor&, const Tensor&, Where),
    const Tensor& a, const Tensor& b, Where line) {
  const Call call(op, line);
  autograd::check_number(op, a);
  const auto share = [loses](const Tensor& g, const Tensor& mine, const Tensor& other) {
    const Tensor part = where(eq(mine, other), mul(g, 0.5), g);
    return where(loses(mine, other, Where::current()), 0.0, part);
  };
  return record(op, line, autograd::binary(op, kernel, a, b), Broadcast(a, with(a, b), share),
      Broadcast(b, with(b, a), share));
}

}  // namespace

Tensor maximum(const Tensor& a, const Tensor& b, Where line) {
  return extremum("maximum", kernels::Binary::maximum, &lt, a, b, line);
}

Tensor minimum(const Tensor& a, const Tensor& b, Where line) {
  return extremum("minimum", kernels::Binary::minimum, &gt, a, b, line);
}

Tensor clamp(const Tensor& a, double low, double high, Where line) {
  const Call call("clamp", line);
  autograd::check_scalar("clamp", a, std::isfinite(low) ? low : 0);
  autograd::check_scalar("clamp", a, std::isfinite(high) ? high : 0);
  check(low <= high, "clamp: the bounds must be in order; they are {} and {}", low, high);
  Tensor out = new_tensor(a.shape(), a.dtype(), a.stream());
  kernels::clamp(a.stream(), a.dtype(), a.shape(), out.raw(), Operand("clamp", a, a.shape()), low, high);
  return record(
      "clamp", line, std::move(out), Input(a, with(a), [low, high](const Tensor& g, const Tensor& x) {
        return autograd::clamp_backward(g, x, low, high);
      }));
}

namespace autograd {

Tensor clamp_backward(const Tensor& g, const Tensor& x, double low, double high) {
  check_same_kind("clamp_backward", g, x);
  Tensor out = new_tensor(x.shape(), x.dtype(), x.stream());
  kernels::clamp_backward(x.stream(), x.dtype(), x.shape(), out.raw(),
      Operand("clamp_backward", g, x.shape()), Operand("clamp_backward", x, x.shape()), low, high);
  return record("clamp_backward", Where::current(), std::move(out),
      Input(g, with(x),
          [low, high](const Tensor& gg, const Tensor& at) { return clamp_backward(gg, at, low, high); }));
}

}  // namespace autograd

bool equal(const Tensor& a, const Tensor& b, Where line) {
  const Call call("equal", line);
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  return ne(a, b).sum().item<std::int64_t>() == 0;
}

bool allclose(const Tensor& a, const Tensor& b, double rtol, double atol, Where line) {
  const Call call("allclose", line);
  autograd::check_floating("allclose", a);
  const NoGradGuard no_grad;
  const Tensor distance = abs(sub(a, b));
  const Tensor within = le(distance, add(mul(abs(b), rtol), atol));
  const Tensor close = tenon::where(
      eq(a, b), ones_like(within), tenon::where(lt(distance, INFINITY), within, zeros_like(within)));
  return close.sum().item<std::int64_t>() == close.numel();
}

}  // namespace tenon
