// Sums, means and products, logic, and the gradients of sums.
#include <tenon/kernels/reduce.h>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/gradients.h>
#include <tenon/autograd/ops/reduced_dims.h>

namespace tenon {

using autograd::all_dims;
using autograd::chosen_dims;
using autograd::Dims;
using autograd::Input;
using autograd::list_of;
using autograd::new_tensor;
using autograd::Operand;
using autograd::record;
using autograd::reduced_count;
using autograd::reduced_shape;
using autograd::with;

namespace {

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

double mean_divisor(const Tensor& a, Dims dims) {
  autograd::check_floating("mean", a);
  const std::int64_t count = reduced_count(a, dims);
  check(count > 0, "mean: there are no elements to average; the shape is {}", a.shape());
  return static_cast<double>(count);
}

/// The product over `dims` by halves: p(n elements) = p(n / 2 products x[i] x[i + n / 2]), times the last
/// element if n is odd. On the tape it is multiplications alone, so the gradients are right where elements
/// are 0, and there is no kernel beyond that of mul().
Tensor product(const Tensor& a, Dims dims, bool keepdim) {
  const Tensor x = a.dtype() == DType::boolean ? autograd::copy(a, DType::int64) : a;
  const Shape out_shape = reduced_shape(a.shape(), dims, keepdim);
  std::int64_t n = reduced_count(a, dims);
  // Recorded, since the gradient exists, although it has no elements.
  if (n == 0) return add(sum(x, list_of(dims), keepdim), 1);
  Shape order = list_of(dims);
  for (int i = 0; i < a.shape().rank(); ++i)
    if (!(dims >> i & 1)) order.push_back(i);
  Tensor rows = reshape(permute(x, order), {n, out_shape.numel()});
  if (n == 1) rows = clone(rows);
  std::vector<Tensor> last;
  for (; n > 1; n /= 2) {
    if (n % 2 == 1) last.push_back(narrow(rows, 0, n - 1, 1));
    rows = mul(narrow(rows, 0, 0, n / 2), narrow(rows, 0, n / 2, n / 2));
  }
  for (auto each = last.rbegin(); each != last.rend(); ++each) rows = mul(rows, *each);
  return reshape(rows, out_shape);
}

Tensor prod_of(CallSite site, const Tensor& a, const Shape& list, bool keepdim) {
  const Call call("prod", site);
  return product(a, chosen_dims("prod", a, list), keepdim);
}

/// How many elements are not 0.
Tensor count_nonzero(const Tensor& a, const Shape& list, bool keepdim) {
  return sum(a.dtype() == DType::boolean ? a : autograd::copy(a, DType::boolean), list, keepdim);
}

Tensor all_of(CallSite site, const Tensor& a, const Shape& list, bool keepdim) {
  const Call call("all", site);
  const auto count = static_cast<double>(reduced_count(a, chosen_dims("all", a, list)));
  return eq(count_nonzero(a, list, keepdim), count);
}

Tensor any_of(CallSite site, const Tensor& a, const Shape& list, bool keepdim) {
  const Call call("any", site);
  return ne(count_nonzero(a, list, keepdim), 0);
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

Tensor prod(const Tensor& a, CallSite site) { return prod_of(site, a, {}, false); }
Tensor prod(const Tensor& a, const Shape& dims, bool keepdim, CallSite site) {
  return prod_of(site, a, dims, keepdim);
}

Tensor all(const Tensor& a, CallSite site) { return all_of(site, a, {}, false); }
Tensor all(const Tensor& a, const Shape& dims, bool keepdim, CallSite site) {
  return all_of(site, a, dims, keepdim);
}

Tensor any(const Tensor& a, CallSite site) { return any_of(site, a, {}, false); }
Tensor any(const Tensor& a, const Shape& dims, bool keepdim, CallSite site) {
  return any_of(site, a, dims, keepdim);
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
