// softmax and its logarithm: one kernel and one node on the tape.
#include <limits>

#include <tenon/autograd/ops/common.h>
#include <tenon/kernels/softmax.h>

namespace tenon {

using autograd::dense;
using autograd::Input;
using autograd::record;
using autograd::result;
using autograd::with;

namespace {

int checked_dim(const char* op, const Tensor& a, std::int64_t dim) {
  autograd::check_floating(op, a);
  return autograd::dim_with_elements(op, a, dim);
}

/// The kernel's result along dimension d, and the gradient of it.
Tensor softmax_of(kernels::Softmax kind, const char* op, CallSite site, const Tensor& a, int d) {
  if (a.numel() == 0) return clone(a);
  Tensor out = autograd::new_tensor(a.shape(), a.dtype(), a.stream());
  kernels::softmax(a.stream(), kind, a.dtype(), kernels::indexed(a.shape(), d), out.raw(), dense(a).raw());
  return record(op, site, out, Input(a, with(result(out)), [kind, d](const Tensor& g, const Tensor& y) {
    if (!grad_enabled()) {
      Tensor made = autograd::new_tensor(y.shape(), y.dtype(), y.stream());
      kernels::softmax_backward(
          y.stream(), kind, y.dtype(), kernels::indexed(y.shape(), d), made.raw(), dense(g).raw(), y.raw());
      return made;
    }
    if (kind == kernels::Softmax::log) return sub(g, mul(exp(y), sum(g, {d}, true)));
    const Tensor part = mul(g, y);
    return sub(part, mul(y, sum(part, {d}, true)));
  }));
}

/// What logsumexp() subtracts: the largest element, or 0 if that is infinite or NaN.
Tensor subtrahend(const Tensor& a, std::int64_t d) {
  const Tensor largest = amax(a, {d}, true);
  return where(lt(abs(largest), std::numeric_limits<double>::infinity()), largest, 0.0);
}

}  // namespace

Tensor softmax(const Tensor& a, std::int64_t dim, CallSite site) {
  const Call call("softmax", site);
  return softmax_of(kernels::Softmax::plain, "softmax", site, a, checked_dim("softmax", a, dim));
}

Tensor autograd::softmax_or_zeros(const Tensor& a) {
  return softmax_of(kernels::Softmax::or_zeros, "softmax", CallSite::current(), a, a.shape().rank() - 1);
}

Tensor log_softmax(const Tensor& a, std::int64_t dim, CallSite site) {
  const Call call("log_softmax", site);
  return softmax_of(kernels::Softmax::log, "log_softmax", site, a, checked_dim("log_softmax", a, dim));
}

Tensor logsumexp(const Tensor& a, std::int64_t dim, bool keepdim, CallSite site) {
  const Call call("logsumexp", site);
  const std::int64_t d = checked_dim("logsumexp", a, dim);
  const bool dropped = !keepdim && a.dim() > 0;
  Tensor out;
  {
    const NoGradGuard no_grad;
    const Tensor shift = subtrahend(a, d);
    out = add(log(sum(exp(sub(a, shift)), {d}, true)), shift);
    if (dropped) out = squeeze(out, d);
  }
  return record("logsumexp", site, out,
      Input(a, with(a, result(out)), [d, dropped](const Tensor& g, const Tensor& x, const Tensor& y) {
        const Tensor slope = dropped ? unsqueeze(g, d) : g, total = dropped ? unsqueeze(y, d) : y;
        return mul(slope, exp(sub(x, total)));
      }));
}

}  // namespace tenon
