// Norms of vectors.
#include <cmath>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/reduced_dims.h>
#include <tenon/kernels/reduce.h>

namespace tenon {

using autograd::Dims;
using autograd::Input;
using autograd::record;
using autograd::result;
using autograd::with;

namespace {

/// The square root of the sum of squares; not recorded.
Tensor euclidean(const Tensor& a, Dims dims, bool keepdim) {
  const Tensor out =
      autograd::new_tensor(autograd::reduced_shape(a.shape(), dims, keepdim), a.dtype(), a.stream());
  const autograd::Operand operand("norm", a, a.shape());
  kernels::reduce(
      a.stream(), arith::SumOfProducts(), a.dtype(), a.shape(), dims, out.raw(), operand, operand, 1);
  return autograd::unary(arith::Sqrt(), out);
}

Tensor sum_of_powers(const Tensor& a, double p, Dims dims, bool keepdim) {
  const NoGradGuard no_grad;
  return pow(sum(pow(abs(a), p), autograd::list_of(dims), keepdim), 1 / p);
}

/// The gradient of (sum of |x|^p)^(1/p) = y: g sign(x) (|x| / y)^(p - 1). Numbers that are 0 are replaced by
/// 1 where they would make a derivative infinite, and what comes of them by 0.
Tensor norm_backward(const Tensor& g, const Tensor& x, const Tensor& y, double p, Dims dims) {
  const Shape kept = autograd::reduced_shape(x.shape(), dims, true);
  const Tensor no_norm = eq(y, 0);
  const Tensor scale = reshape(where(no_norm, 0.0, div(g, pow(where(no_norm, 1.0, y), p - 1))), kept);
  if (p == 2) return mul(x, scale);
  const Tensor zero = eq(x, 0), safe = where(zero, 1.0, x);
  return mul(where(zero, 0.0, mul(sign(safe), pow(abs(safe), p - 1))), scale);
}

Tensor norm_of(CallSite site, const Tensor& a, double p, const Shape& list, bool keepdim) {
  const Call call("norm", site);
  autograd::check_floating("norm", a);
  check(p == p, "norm: p must be a number; it is {}", p);
  const Dims dims = autograd::chosen_dims("norm", a, list);
  if (p == INFINITY) return amax(abs(a), list, keepdim);
  if (p == -INFINITY) return amin(abs(a), list, keepdim);
  if (p == 0)
    return record("norm", site, sum(autograd::copy(ne(a, 0), a.dtype()), list, keepdim),
        Input(a, [](const Tensor& g, const Shape& shape) { return zeros(shape, g.options()); }));
  if (p == 1) return sum(abs(a), list, keepdim);
  const Tensor out = p == 2 ? euclidean(a, dims, keepdim) : sum_of_powers(a, p, dims, keepdim);
  return record("norm", site, out,
      Input(a, with(a, result(out)), [p, dims](const Tensor& g, const Tensor& x, const Tensor& y) {
        return norm_backward(g, x, y, p, dims);
      }));
}

}  // namespace

Tensor norm(const Tensor& a, double p, CallSite site) { return norm_of(site, a, p, {}, false); }
Tensor norm(const Tensor& a, double p, const Shape& dims, bool keepdim, CallSite site) {
  return norm_of(site, a, p, dims, keepdim);
}

}  // namespace tenon
