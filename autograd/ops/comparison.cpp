// Comparisons of elements and of whole tensors.
#include <algorithm>
#include <cmath>
#include <cstring>

#include <tenon/autograd/ops/common.h>

namespace tenon {

using autograd::check_same_kind;
using autograd::new_tensor;
using autograd::Operand;

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

Tensor truth(const Tensor& a) { return a.dtype() == DType::boolean ? a : autograd::copy(a, DType::boolean); }

}  // namespace

Tensor logical_and(const Tensor& a, const Tensor& b, CallSite site) {
  const Call call("logical_and", site);
  const Tensor p = truth(a);
  return tenon::where(p, truth(b), p);
}

Tensor logical_or(const Tensor& a, const Tensor& b, CallSite site) {
  const Call call("logical_or", site);
  const Tensor p = truth(a);
  return tenon::where(p, p, truth(b));
}

Tensor logical_xor(const Tensor& a, const Tensor& b, CallSite site) {
  const Call call("logical_xor", site);
  return ne(truth(a), truth(b));
}

Tensor logical_not(const Tensor& a, CallSite site) {
  const Call call("logical_not", site);
  const Tensor p = truth(a);
  return ne(p, ones_like(p));
}

Tensor isnan(const Tensor& a, CallSite site) {
  const Call call("isnan", site);
  return ne(a, a);
}

Tensor isinf(const Tensor& a, CallSite site) {
  const Call call("isinf", site);
  return is_floating_point(a.dtype()) ? eq(autograd::unary(arith::Abs(), a), INFINITY) : ne(a, a);
}

Tensor isfinite(const Tensor& a, CallSite site) {
  const Call call("isfinite", site);
  return is_floating_point(a.dtype()) ? lt(autograd::unary(arith::Abs(), a), INFINITY) : eq(a, a);
}

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
  const Tensor close = logical_or(eq(a, b), logical_and(lt(distance, INFINITY), within));
  return close.sum().item<std::int64_t>() == close.numel();
}

bool bitwise_equal(const Tensor& a, const Tensor& b, CallSite site) {
  const Call call("bitwise_equal", site);
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  const NoGradGuard no_grad;
  const Tensor x = a.to(Device::cpu()).contiguous(), y = b.to(Device::cpu()).contiguous();
  return visit_any(x.dtype(), [&]<class T>(std::type_identity<T>) {
    return std::equal(x.ptr<T>(), x.ptr<T>() + x.numel(), y.ptr<T>(), [](T p, T q) {
      const bool both_nan = p != p && q != q;
      return both_nan || std::memcmp(&p, &q, sizeof(T)) == 0;
    });
  });
}

}  // namespace tenon
