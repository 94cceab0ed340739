// Writing by index along a dimension.
#include <tenon/kernels/check_dtype.h>
#include <tenon/kernels/index.h>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/gradients.h>

namespace tenon {

using kernels::indexed;

namespace {

constexpr char index_add_error[] =
    "index_add: index {} at position {} is out of range; dimension {} has size {}";
constexpr char scatter_error[] = "scatter: index {} at position {} is out of range; dimension {} has size {}";
constexpr char scatter_add_error[] =
    "scatter_add: index {} at position {} is out of range; dimension {} has size {}";

/// The index of a scatter along dimension d, dense and checked.
Tensor checked_index(const char* op, const Tensor& a, int d, const Tensor& index, const char* range_error) {
  autograd::check_index(op, a, d, index);
  const Tensor dense = contiguous(index);
  kernels::check_indices(a.stream(), dense.ptr<std::int64_t>(), dense.numel(), 0,
      a.dim() > 0 ? a.shape()[d] : 1, d, range_error);
  return dense;
}

/// The part of src that the index covers.
Tensor covered(const char* op, const Tensor& a, const Tensor& index, const Tensor& src) {
  autograd::check_same_kind(op, a, src);
  check(src.dim() == a.dim(), "{}: the source has {} dimensions, the tensor {}", op, src.dim(), a.dim());
  Tensor part = src;
  for (int i = 0; i < src.shape().rank(); ++i) {
    check(index.shape()[i] <= src.shape()[i],
        "{}: the index of shape {} is larger than the source of shape {}", op, index.shape(), src.shape());
    if (index.shape()[i] < src.shape()[i]) part = narrow(part, i, 0, index.shape()[i]);
  }
  return part;
}

/// a, with f(part) in place of the part that is as large as `shape`, except in dimension d.
template <class F>
Tensor with_part(const Tensor& a, int d, const Shape& shape, const F& f) {
  for (int i = 0; i < a.shape().rank(); ++i)
    if (i != d && shape[i] < a.shape()[i])
      return slice_scatter(a, with_part(narrow(a, i, 0, shape[i]), d, shape, f), i, {.stop = shape[i]});
  return f(a);
}

/// For each element of `shape` the last position along dimension d whose index names it, or -1.
Tensor last_position(const Tensor& index, int d, const Shape& shape) {
  Tensor out = autograd::new_tensor(shape, DType::int64, index.stream());
  kernels::copy(index.stream(), DType::int64, DType::int64, shape, out.raw(), -1.0);
  kernels::last_position(index.stream(), indexed(shape, d), out.ptr<std::int64_t>(),
      index.ptr<std::int64_t>(), index.dim() > 0 ? index.shape()[d] : 1);
  return out;
}

/// index_add() of int64 as the sums of scatter_add(), of an index for each element.
Tensor integer_sums(const Tensor& source, int d, const Tensor& at, const Shape& shape) {
  Shape along = source.shape();
  for (int i = 0; i < along.rank(); ++i) along[i] = i == d ? at.numel() : 1;
  return autograd::gather_add(source, d, contiguous(expand(reshape(at, along), source.shape())), shape);
}

int scattered_dim(const char* op, const Tensor& a, std::int64_t dim) {
  return wrap_dim(op, dim, a.shape().rank(), Rank0::as_vector);
}

}  // namespace

Tensor index_add(const Tensor& a, std::int64_t dim, const Tensor& index, const Tensor& source, double alpha,
    CallSite site) {
  const Call call("index_add", site);
  const int d = wrap_dim("index_add", dim, a.shape().rank(), Rank0::as_vector);
  kernels::check_dtype("index_add", true, a.dtype());
  check(index.dtype() == DType::int64 && index.dim() <= 1,
      "index_add: the index must be a vector of int64; it is {} {}", index.dtype(), index.shape());
  autograd::check_beside("index_add", a, index);
  autograd::check_same_kind("index_add", a, source);
  Shape wanted = a.shape();
  if (a.dim() > 0) wanted[d] = index.numel();
  check(source.shape() == wanted && (a.dim() > 0 || index.numel() == 1),
      "index_add: the source is {}; {} indices of dimension {} of {} need {}", source.shape(), index.numel(),
      d, a.shape(), wanted);
  const Tensor at = contiguous(index);
  kernels::check_indices(
      a.stream(), at.ptr<std::int64_t>(), at.numel(), 0, a.dim() > 0 ? a.shape()[d] : 1, d, index_add_error);
  const Tensor sum = is_floating_point(a.dtype()) ? autograd::index_add(source, d, at, a.shape())
                                                  : integer_sums(source, d, at, a.shape());
  return add(a, alpha == 1 ? sum : mul(sum, alpha));
}

Tensor scatter(const Tensor& a, std::int64_t dim, const Tensor& index, const Tensor& src, CallSite site) {
  const Call call("scatter", site);
  const int d = scattered_dim("scatter", a, dim);
  const Tensor at = checked_index("scatter", a, d, index, scatter_error),
               from = covered("scatter", a, at, src);
  if (at.numel() == 0 && !src.requires_grad()) return clone(a);
  return with_part(a, d, at.shape(), [&](const Tensor& part) {
    const Tensor last = last_position(at, d, part.shape());
    // Without positions the sum of none, so that src has a gradient, of zeros.
    return where(
        ge(last, 0), at.numel() > 0 ? gather(from, d, maximum(last, 0)) : sum(from, {d}, true), part);
  });
}

Tensor scatter(const Tensor& a, std::int64_t dim, const Tensor& index, double value, CallSite site) {
  const Call call("scatter", site);
  const int d = scattered_dim("scatter", a, dim);
  const Tensor at = checked_index("scatter", a, d, index, scatter_error);
  const Tensor number = autograd::number_beside(a, value);
  return with_part(a, d, at.shape(), [&](const Tensor& part) {
    return masked_fill(part, ge(last_position(at, d, part.shape()), 0), number);
  });
}

Tensor scatter_add(const Tensor& a, std::int64_t dim, const Tensor& index, const Tensor& src, CallSite site) {
  const Call call("scatter_add", site);
  const int d = scattered_dim("scatter_add", a, dim);
  kernels::check_dtype("scatter_add", true, a.dtype());
  const Tensor at = checked_index("scatter_add", a, d, index, scatter_add_error),
               from = covered("scatter_add", a, at, src);
  return with_part(a, d, at.shape(),
      [&](const Tensor& part) { return add(part, autograd::gather_add(from, d, at, part.shape())); });
}

}  // namespace tenon
