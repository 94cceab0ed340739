// Variances and standard deviations: the mean first, then the squared distances from it.
#include <tenon/kernels/reduce.h>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/reduced_dims.h>

namespace tenon {

using autograd::Dims;
using autograd::Input;
using autograd::record;
using autograd::result;
using autograd::with;

namespace {

struct Spread {
  Dims dims;
  double divisor;
};

Spread checked(const char* op, const Tensor& a, const Shape& list, const VarOptions& options) {
  autograd::check_floating(op, a);
  const Dims dims = autograd::chosen_dims(op, a, list);
  const std::int64_t count = autograd::reduced_count(a, dims);
  const double divisor = static_cast<double>(count) - options.correction;
  check(count > 0 && divisor > 0,
      "{}: {} elements per result and the correction {} leave nothing to divide by; "
      "the shape is {}",
      op, count, options.correction, a.shape());
  return {dims, divisor};
}

/// Not recorded.
Tensor variance(const char* op, const Tensor& a, const Spread& spread, bool keepdim) {
  const NoGradGuard no_grad;
  const Tensor middle = mean(a, autograd::list_of(spread.dims), true);
  Tensor out =
      autograd::new_tensor(autograd::reduced_shape(a.shape(), spread.dims, keepdim), a.dtype(), a.stream());
  kernels::reduce(a.stream(), arith::SumOfSquaredDifferences(), a.dtype(), a.shape(), spread.dims, out.raw(),
      autograd::Operand(op, a, a.shape()), autograd::Operand(op, middle, a.shape()), spread.divisor);
  return out;
}

/// x minus its mean, times slope, which has a number per result.
Tensor scaled_distance(const Tensor& slope, const Tensor& x, Dims dims) {
  return mul(reshape(slope, autograd::reduced_shape(x.shape(), dims, true)),
      sub(x, mean(x, autograd::list_of(dims), true)));
}

Tensor var_of(CallSite site, const Tensor& a, const Shape& list, const VarOptions& options) {
  const Call call("var", site);
  const Spread spread = checked("var", a, list, options);
  return record("var", site, variance("var", a, spread, options.keepdim),
      Input(a, with(a), [spread](const Tensor& g, const Tensor& x) {
        return scaled_distance(mul(g, 2 / spread.divisor), x, spread.dims);
      }));
}

Tensor std_of(CallSite site, const Tensor& a, const Shape& list, const VarOptions& options) {
  const Call call("std", site);
  const Spread spread = checked("std", a, list, options);
  const Tensor out = autograd::unary(arith::Sqrt(), variance("std", a, spread, options.keepdim));
  return record("std", site, out,
      Input(a, with(a, result(out)), [spread](const Tensor& g, const Tensor& x, const Tensor& y) {
        // Where y is 0 the quotient is made of 1, so that no derivative is infinite, and then left out.
        const Tensor none = eq(y, 0);
        const Tensor quotient = div(g, mul(where(none, 1.0, y), spread.divisor));
        return scaled_distance(where(none, 0.0, quotient), x, spread.dims);
      }));
}

}  // namespace

Tensor var(const Tensor& a, CallSite site) { return var_of(site, a, {}, {}); }
Tensor var(const Tensor& a, const Shape& dims, const VarOptions& options, CallSite site) {
  return var_of(site, a, dims, options);
}
Tensor std(const Tensor& a, CallSite site) { return std_of(site, a, {}, {}); }
Tensor std(const Tensor& a, const Shape& dims, const VarOptions& options, CallSite site) {
  return std_of(site, a, dims, options);
}

std::pair<Tensor, Tensor> var_mean(const Tensor& a, CallSite site) { return var_mean(a, {}, {}, site); }
std::pair<Tensor, Tensor> var_mean(
    const Tensor& a, const Shape& dims, const VarOptions& options, CallSite site) {
  const Call call("var_mean", site);
  return {var(a, dims, options), mean(a, dims, options.keepdim)};
}
std::pair<Tensor, Tensor> std_mean(const Tensor& a, CallSite site) { return std_mean(a, {}, {}, site); }
std::pair<Tensor, Tensor> std_mean(
    const Tensor& a, const Shape& dims, const VarOptions& options, CallSite site) {
  const Call call("std_mean", site);
  return {tenon::std(a, dims, options), mean(a, dims, options.keepdim)};
}

}  // namespace tenon
