// softmax and its logarithm: a few passes over memory, and one node on the tape.
#include <limits>

#include <tenon/autograd/ops/common.h>

namespace tenon {

using autograd::Input;
using autograd::record;
using autograd::result;
using autograd::with;

namespace {

std::int64_t checked_dim(const char* op, const Tensor& a, std::int64_t dim) {
  autograd::check_floating(op, a);
  return autograd::dim_with_elements(op, a, dim);
}

/// What is subtracted from the elements of each sum: the largest one, or 0 if that is infinite or NaN.
Tensor subtrahend(const Tensor& a, std::int64_t d) {
  const Tensor largest = amax(a, {d}, true);
  return where(lt(abs(largest), std::numeric_limits<double>::infinity()), largest, 0.0);
}

/// Records exp() of elements divided by its sum along dimension d.
Tensor recorded_softmax(const char* op, CallSite site, const Tensor& a, const Tensor& out, std::int64_t d) {
  return record(op, site, out, Input(a, with(result(out)), [d](const Tensor& g, const Tensor& y) {
    const Tensor part = mul(g, y);
    return sub(part, mul(y, sum(part, {d}, true)));
  }));
}

}  // namespace

Tensor softmax(const Tensor& a, std::int64_t dim, CallSite site) {
  const Call call("softmax", site);
  const std::int64_t d = checked_dim("softmax", a, dim);
  if (a.numel() == 0) return clone(a);
  Tensor out;
  {
    const NoGradGuard no_grad;
    const Tensor powers = exp(sub(a, amax(a, {d}, true)));
    out = div(powers, sum(powers, {d}, true));
  }
  return recorded_softmax("softmax", site, a, out, d);
}

Tensor autograd::softmax_or_zeros(const Tensor& a) {
  if (a.numel() == 0) return clone(a);
  const std::int64_t d = a.dim() - 1;
  Tensor out;
  {
    const NoGradGuard no_grad;
    const Tensor powers = exp(sub(a, subtrahend(a, d))), total = sum(powers, {d}, true);
    out = div(powers, where(eq(total, 0), 1, total));
  }
  return recorded_softmax("softmax", CallSite::current(), a, out, d);
}

Tensor log_softmax(const Tensor& a, std::int64_t dim, CallSite site) {
  const Call call("log_softmax", site);
  const std::int64_t d = checked_dim("log_softmax", a, dim);
  if (a.numel() == 0) return clone(a);
  Tensor out;
  {
    const NoGradGuard no_grad;
    const Tensor below = sub(a, amax(a, {d}, true));
    out = sub(below, log(sum(exp(below), {d}, true)));
  }
  return record("log_softmax", site, out, Input(a, with(result(out)), [d](const Tensor& g, const Tensor& y) {
    return sub(g, mul(exp(y), sum(g, {d}, true)));
  }));
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
