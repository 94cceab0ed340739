// The largest and the smallest elements.
#include <tenon/kernels/arg_reduce.h>
#include <tenon/kernels/check_dtype.h>
#include <tenon/kernels/reduce.h>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/gradients.h>
#include <tenon/autograd/ops/reduced_dims.h>

namespace tenon {

using autograd::chosen_dims;
using autograd::Dims;
using autograd::dropped;
using autograd::Input;
using autograd::new_tensor;
using autograd::record;
using autograd::reduced_count;
using autograd::reduced_shape;
using autograd::result;
using autograd::with;

namespace {

enum class End { largest, smallest };

/// In reverse order. -1 - a is a bit flip, so it is exact for all integers; -a is not for the lowest one.
Tensor mirrored(const Tensor& a) {
  return is_floating_point(a.dtype()) ? autograd::unary(arith::Neg(), a)
                                      : autograd::binary(arith::Sub(), -1.0, a);
}

/// Not recorded.
Tensor extreme_of(const char* op, const Tensor& a, Dims dims, const Shape& out_shape, End end) {
  kernels::check_dtype(op, true, a.dtype());
  check(reduced_count(a, dims) > 0, "{}: there are no elements to compare; the shape is {}", op, a.shape());
  // The smallest element is the mirror image of the largest one: exact, and without the hundred kernels that
  // a reduction of its own would consist of.
  const Tensor from = end == End::largest ? a : mirrored(a);
  const Tensor out = new_tensor(out_shape, a.dtype(), a.stream());
  kernels::reduce(a.stream(), arith::Amax(), a.dtype(), a.shape(), dims, out.raw(),
      autograd::Operand(op, from, a.shape()), 0.0, 1);
  return end == End::largest ? out : mirrored(out);
}

/// Whether the elements that are NaN share the gradient of a result that is NaN. Otherwise all gradients of
/// such a result are NaN.
enum class AtNaN { poisons, shares };

Tensor extreme(const char* op, CallSite site, const Tensor& a, Dims dims, const Shape& out_shape, End end,
    AtNaN at_nan) {
  const Tensor out = extreme_of(op, a, dims, out_shape, end);
  return record(op, site, out,
      Input(a, with(a, result(out)), [dims, at_nan](const Tensor& g, const Tensor& x, const Tensor& y) {
        return autograd::shared_among_equals(g, x, y, dims, at_nan == AtNaN::shares);
      }));
}

Tensor extreme(
    const char* op, CallSite site, const Tensor& a, const Shape& list, bool keepdim, End end, AtNaN at_nan) {
  const Call call(op, site);
  const Dims dims = chosen_dims(op, a, list);
  return extreme(op, site, a, dims, reduced_shape(a.shape(), dims, keepdim), end, at_nan);
}

/// The indices of the extremes along dimension d, which keeps size 1.
Tensor indices_of(const char* op, const Tensor& a, int d, End end) {
  kernels::check_dtype(op, true, a.dtype());
  const Tensor from = a.is_contiguous() ? a : autograd::copy(a, a.dtype());
  Shape shape = a.shape();
  if (a.dim() > 0) shape[d] = 1;
  Tensor out = new_tensor(shape, DType::int64, a.stream());
  kernels::arg_extreme(a.stream(), a.dtype(), kernels::indexed(a.shape(), d), end == End::largest,
      out.ptr<std::int64_t>(), from.raw());
  return out;
}

ValuesAndIndices extremes(
    const char* op, CallSite site, const Tensor& a, std::int64_t dim, bool keepdim, End end) {
  const Call call(op, site);
  const int d = autograd::dim_with_elements(op, a, dim);
  const Tensor indices = indices_of(op, a, d, end);
  return {dropped(gather(a, d, indices), d, keepdim), dropped(indices, d, keepdim)};
}

Tensor index_of(const char* op, CallSite site, const Tensor& a, std::int64_t dim, bool keepdim, End end) {
  const Call call(op, site);
  const int d = autograd::dim_with_elements(op, a, dim);
  return dropped(indices_of(op, a, d, end), d, keepdim);
}

/// In row-major order.
Tensor index_of(const char* op, CallSite site, const Tensor& a, End end) {
  const Call call(op, site);
  const NoGradGuard no_grad;
  return index_of(op, site, reshape(a, {a.numel()}), 0, false, end);
}

}  // namespace

Tensor amax(const Tensor& a, CallSite site) {
  return extreme("amax", site, a, {}, false, End::largest, AtNaN::poisons);
}
Tensor amax(const Tensor& a, const Shape& dims, bool keepdim, CallSite site) {
  return extreme("amax", site, a, dims, keepdim, End::largest, AtNaN::poisons);
}
Tensor amin(const Tensor& a, CallSite site) {
  return extreme("amin", site, a, {}, false, End::smallest, AtNaN::poisons);
}
Tensor amin(const Tensor& a, const Shape& dims, bool keepdim, CallSite site) {
  return extreme("amin", site, a, dims, keepdim, End::smallest, AtNaN::poisons);
}

Tensor max(const Tensor& a, CallSite site) {
  return extreme("max", site, a, {}, false, End::largest, AtNaN::shares);
}
Tensor min(const Tensor& a, CallSite site) {
  return extreme("min", site, a, {}, false, End::smallest, AtNaN::shares);
}
ValuesAndIndices max(const Tensor& a, std::int64_t dim, bool keepdim, CallSite site) {
  return extremes("max", site, a, dim, keepdim, End::largest);
}
ValuesAndIndices min(const Tensor& a, std::int64_t dim, bool keepdim, CallSite site) {
  return extremes("min", site, a, dim, keepdim, End::smallest);
}

Tensor argmax(const Tensor& a, CallSite site) { return index_of("argmax", site, a, End::largest); }
Tensor argmax(const Tensor& a, std::int64_t dim, bool keepdim, CallSite site) {
  return index_of("argmax", site, a, dim, keepdim, End::largest);
}
Tensor argmin(const Tensor& a, CallSite site) { return index_of("argmin", site, a, End::smallest); }
Tensor argmin(const Tensor& a, std::int64_t dim, bool keepdim, CallSite site) {
  return index_of("argmin", site, a, dim, keepdim, End::smallest);
}

namespace autograd {

Tensor shared_among_equals(
    const Tensor& g, const Tensor& x, const Tensor& y, std::uint32_t dims, bool nan_shares) {
  const Shape kept = reduced_shape(x.shape(), dims, true);
  Tensor equals = eq(x, reshape(y, kept));
  if (nan_shares) equals = logical_or(equals, isnan(x));
  const Tensor ones = equals.to(x.dtype());
  return mul(div(reshape(g, kept), sum(ones, list_of(dims), true)), ones);
}

}  // namespace autograd
}  // namespace tenon
