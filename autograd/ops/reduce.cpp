// Sums, means and maxima, and the gradients of sums.
#include <tenon/kernels/reduce.h>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/gradients.h>

namespace tenon {

using autograd::Input;
using autograd::new_tensor;
using autograd::Operand;
using autograd::record;
using autograd::result;
using autograd::with;

namespace {

/// The dimensions of a reduction, as a bit mask.
using Dims = std::uint32_t;

Dims all_dims(const Tensor& a) { return (Dims{1} << a.dim()) - 1; }

Dims chosen_dims(const char* op, const Tensor& a, const Shape& dims) {
  if (dims.rank() == 0) return all_dims(a);
  Dims chosen = 0;
  for (const std::int64_t dim : dims) {
    const Dims bit = Dims{1} << wrap_dim(op, dim, a.shape().rank(), Rank0::as_vector);
    check((chosen & bit) == 0, "{}: dimension {} is named twice", op, dim);
    chosen |= bit;
  }
  return chosen & all_dims(a);
}

/// `shape` with the reduced dimensions set to 1, or removed.
Shape reduced_shape(const Shape& shape, Dims dims, bool keepdim) {
  Shape out;
  for (int i = 0; i < shape.rank(); ++i) {
    const bool reduced = dims >> i & 1;
    if (!reduced || keepdim) out.push_back(reduced ? 1 : shape[i]);
  }
  return out;
}

/// The sum over `dims`, divided once, and recorded.
Tensor reduce(
    const char* op, CallSite site, const Tensor& a, Dims dims, const Shape& out_shape, double divisor) {
  const bool counts = !is_floating_point(a.dtype());
  Tensor out = new_tensor(out_shape, counts ? DType::int64 : a.dtype(), a.stream());
  kernels::reduce(a.stream(), arith::Sum(), a.dtype(), a.shape(), dims, out.raw(), Operand(op, a, a.shape()),
      0.0, divisor);
  return record(op, site, std::move(out), Input(a, [dims, divisor](const Tensor& g, const Shape& shape) {
    const Shape kept = reduced_shape(shape, dims, true);
    return autograd::expand_quotient(
        g.shape() == kept || g.dim() == 0 ? g : reshape(g, kept), shape, divisor);
  }));
}

/// How many elements a result is made of.
std::int64_t reduced_count(const Tensor& a, Dims dims) {
  std::int64_t count = 1;
  for (int i = 0; i < a.shape().rank(); ++i)
    if (dims >> i & 1) count *= a.shape()[i];
  return count;
}

double mean_divisor(const Tensor& a, Dims dims) {
  autograd::check_floating("mean", a);
  const std::int64_t count = reduced_count(a, dims);
  check(count > 0, "mean: there are no elements to average; the shape is {}", a.shape());
  return static_cast<double>(count);
}

Tensor amax(CallSite site, const Tensor& a, Dims dims, const Shape& out_shape) {
  check(reduced_count(a, dims) > 0, "amax: there are no elements to compare; the shape is {}", a.shape());
  Tensor out = new_tensor(out_shape, a.dtype(), a.stream());
  kernels::reduce(a.stream(), arith::Amax(), a.dtype(), a.shape(), dims, out.raw(),
      Operand("amax", a, a.shape()), 0.0, 1);
  return record("amax", site, out,
      Input(a, with(a, result(out)), [dims](const Tensor& g, const Tensor& x, const Tensor& y) {
        const Shape kept = reduced_shape(x.shape(), dims, true);
        const Tensor ties = eq(x, reshape(y, kept)).to(x.dtype());
        const Tensor count = reduce("sum", CallSite::current(), ties, dims, kept, 1);
        return mul(div(reshape(g, kept), count), ties);
      }));
}

}  // namespace

Tensor sum(const Tensor& a, CallSite site) {
  const Call call("sum", site);
  return reduce("sum", site, a, all_dims(a), {}, 1);
}

Tensor sum(const Tensor& a, const Shape& dims, bool keepdim, CallSite site) {
  const Call call("sum", site);
  const Dims chosen = chosen_dims("sum", a, dims);
  return reduce("sum", site, a, chosen, reduced_shape(a.shape(), chosen, keepdim), 1);
}

Tensor mean(const Tensor& a, CallSite site) {
  const Call call("mean", site);
  const Dims dims = all_dims(a);
  return reduce("mean", site, a, dims, {}, mean_divisor(a, dims));
}

Tensor mean(const Tensor& a, const Shape& dims, bool keepdim, CallSite site) {
  const Call call("mean", site);
  const Dims chosen = chosen_dims("mean", a, dims);
  const double divisor = mean_divisor(a, chosen);
  return reduce("mean", site, a, chosen, reduced_shape(a.shape(), chosen, keepdim), divisor);
}

Tensor amax(const Tensor& a, CallSite site) {
  const Call call("amax", site);
  return amax(site, a, all_dims(a), {});
}

Tensor amax(const Tensor& a, const Shape& dims, bool keepdim, CallSite site) {
  const Call call("amax", site);
  const Dims chosen = chosen_dims("amax", a, dims);
  return amax(site, a, chosen, reduced_shape(a.shape(), chosen, keepdim));
}

Tensor argmax(const Tensor& a, CallSite site) {
  const Call call("argmax", site);
  return argmax(reshape(a, {a.numel()}), 0);
}

Tensor argmax(const Tensor& a, std::int64_t dim, bool keepdim, CallSite site) {
  const Call call("argmax", site);
  const int d = autograd::dim_with_elements("argmax", a, dim);
  const NoGradGuard no_grad;
  const Tensor largest = amax(a, {d}, true);
  if (a.dim() == 0) return zeros({}, {.dtype = DType::int64, .device = a.device()});
  const std::int64_t last = a.shape()[d] - 1;
  Shape along;  // broadcasts along d
  for (int i = d; i < a.shape().rank(); ++i) along.push_back(i == d ? last + 1 : 1);
  // The first one is the farthest from the end.
  const Tensor from_end = reshape(
      arange(static_cast<double>(last), -1, -1, {.dtype = DType::int64, .device = a.device()}), along);
  Tensor distance = where(eq(a, largest), from_end, -1.0);
  if (is_floating_point(a.dtype())) distance = where(ne(a, a), from_end, distance);
  return sub(static_cast<double>(last), amax(distance, {d}, keepdim));
}

namespace autograd {

Tensor sum_to(const Tensor& a, const Shape& shape, double divisor) {
  const int shift = a.shape().rank() - shape.rank();
  Dims dims = 0;
  for (int i = 0; i < a.shape().rank(); ++i)
    if (i < shift || (shape[i - shift] == 1 && a.shape()[i] != 1)) dims |= Dims{1} << i;
  if (dims == 0 && divisor == 1) return a;
  Tensor out = new_tensor(shape, a.dtype(), a.stream());
  kernels::reduce(a.stream(), arith::Sum(), a.dtype(), a.shape(), dims, out.raw(),
      Operand("sum_to", a, a.shape()), 0.0, divisor);
  return record("sum_to", CallSite::current(), std::move(out),
      Input(a, [divisor](const Tensor& g, const Shape& from) { return expand_quotient(g, from, divisor); }));
}

Tensor mean_of_products(const Tensor& a, const Tensor& b, const Shape& list) {
  const Dims dims = chosen_dims("mean", a, list);
  const double count = mean_divisor(a, dims);
  Tensor out = new_tensor(reduced_shape(a.shape(), dims, true), a.dtype(), a.stream());
  kernels::reduce(a.stream(), arith::SumOfProducts(), a.dtype(), a.shape(), dims, out.raw(),
      Operand("mean", a, a.shape()), Operand("mean", b, a.shape()), count);
  const auto pullback = [count](const Tensor& g, const Tensor& other) { return mul(div(g, count), other); };
  return record("mean_of_products", CallSite::current(), std::move(out), Input(a, with(b), pullback),
      Input(b, with(a), pullback));
}

Tensor expand_quotient(const Tensor& a, const Shape& shape, double divisor) {
  if (divisor == 1) return a.shape() == shape ? a : expand(a, shape);
  const Strides strides = broadcast_strides("expand", a.shape(), contiguous_strides(a.shape()), shape);
  Tensor out = autograd::new_strided(shape, strides, a.numel(), a.dtype(), a.stream());
  kernels::binary(
      a.stream(), arith::Div(), a.dtype(), a.shape(), out.raw(), Operand("expand", a, a.shape()), divisor);
  return record("expand_quotient", CallSite::current(), std::move(out),
      Input(a, [divisor](const Tensor& g, const Shape& from) { return sum_to(g, from, divisor); }));
}

}  // namespace autograd
}  // namespace tenon
