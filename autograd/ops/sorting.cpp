// Sorting, and what is made of it.
#include <tenon/kernels/check_dtype.h>
#include <tenon/kernels/search.h>
#include <tenon/kernels/sort.h>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/gradients.h>
#include <tenon/autograd/ops/reduced_dims.h>

namespace tenon {

using autograd::Input;
using autograd::new_tensor;
using autograd::record;
using autograd::with;

namespace {

/// Along the last dimension; see kernels/sort.h for `wanted`.
ValuesAndIndices sorted_lines(CallSite site, const Tensor& a, bool descending, kernels::Places wanted) {
  const int rank = a.shape().rank();
  const Tensor from = a.is_contiguous() ? a : autograd::copy(a, a.dtype());
  const Tensor values = new_tensor(a.shape(), a.dtype(), a.stream()),
               indices = new_tensor(a.shape(), DType::int64, a.stream());
  const std::int64_t length = rank > 0 ? a.shape()[rank - 1] : 1;
  kernels::sort(a.stream(), a.dtype(), length > 0 ? a.numel() / length : 0, length, descending, wanted,
      values.raw(), indices.ptr<std::int64_t>(), from.raw());
  return {record("sort", site, values,
              Input(a, with(indices),
                  [last = std::max(rank - 1, 0)](const Tensor& g, const Shape& shape, const Tensor& at) {
                    return autograd::gather_add(g.is_contiguous() ? g : contiguous(g), last, at, shape);
                  })),
      indices};
}

/// Along dimension d.
ValuesAndIndices sorted(CallSite site, const Tensor& a, int d, bool descending, kernels::Places wanted) {
  if (d >= a.shape().rank() - 1) return sorted_lines(site, a, descending, wanted);
  const ValuesAndIndices lines = sorted_lines(site, transpose(a, d, -1), descending, wanted);
  return {contiguous(transpose(lines.values, d, -1)), contiguous(transpose(lines.indices, d, -1))};
}

std::int64_t length_of(const Tensor& a, int d) { return a.dim() > 0 ? a.shape()[d] : 1; }

/// In order at all places.
ValuesAndIndices sorted(CallSite site, const Tensor& a, int d, bool descending) {
  return sorted(site, a, d, descending, {0, length_of(a, d)});
}

int dimension(const char* op, const Tensor& a, std::int64_t dim) {
  return wrap_dim(op, dim, a.shape().rank(), Rank0::as_vector);
}

/// The indices of the medians along dimension d, which gets size 1.
Tensor median_index(const Tensor& a, int d) {
  kernels::check_dtype("median", true, a.dtype());
  const NoGradGuard no_grad;
  if (a.dim() == 0) return zeros({}, {.dtype = DType::int64, .device = a.device()});
  const std::int64_t middle = (a.shape()[d] - 1) / 2;
  const Tensor order = sorted(CallSite::current(), a, d, false, {middle, middle + 1}).indices;
  const Tensor index = narrow(order, d, middle, 1);
  return is_floating_point(a.dtype()) ? where(isnan(amax(a, {d}, true)), argmax(a, d, true), index) : index;
}

}  // namespace

ValuesAndIndices sort(const Tensor& a, std::int64_t dim, bool descending, CallSite site) {
  const Call call("sort", site);
  return sorted(site, a, dimension("sort", a, dim), descending);
}

Tensor argsort(const Tensor& a, std::int64_t dim, bool descending, CallSite site) {
  const Call call("argsort", site);
  const NoGradGuard no_grad;
  return sorted(site, a, dimension("argsort", a, dim), descending).indices;
}

ValuesAndIndices topk(const Tensor& a, std::int64_t k, std::int64_t dim, bool largest, bool, CallSite site) {
  const Call call("topk", site);
  kernels::check_dtype("topk", true, a.dtype());
  const int d = dimension("topk", a, dim);
  const std::int64_t size = length_of(a, d);
  check(k >= 0 && k <= size, "topk: k is {}; dimension {} of {} has {} elements", k, d, a.shape(), size);
  const ValuesAndIndices all = sorted(site, a, d, largest, {0, k});
  if (k == size || a.dim() == 0) return all;
  return {contiguous(narrow(all.values, d, 0, k)), contiguous(narrow(all.indices, d, 0, k))};
}

Tensor median(const Tensor& a, CallSite site) {
  const Call call("median", site);
  Tensor out;
  {
    const NoGradGuard no_grad;
    const Tensor line = reshape(a, {a.numel()});
    const int d = autograd::dim_with_elements("median", line, 0);
    out = squeeze(gather(line, d, median_index(line, d)), d);
  }
  return record("median", site, out,
      Input(a, with(a, autograd::result(out)), [](const Tensor& g, const Tensor& x, const Tensor& y) {
        return autograd::shared_among_equals(g, x, y, autograd::all_dims(x), true);
      }));
}

ValuesAndIndices median(const Tensor& a, std::int64_t dim, bool keepdim, CallSite site) {
  const Call call("median", site);
  const int d = autograd::dim_with_elements("median", a, dim);
  const Tensor indices = contiguous(median_index(a, d));
  return {autograd::dropped(gather(a, d, indices), d, keepdim), autograd::dropped(indices, d, keepdim)};
}

Tensor searchsorted(const Tensor& sorted, const Tensor& values, bool right, CallSite site) {
  const Call call("searchsorted", site);
  const int rank = sorted.shape().rank();
  autograd::check_same_kind("searchsorted", sorted, values);
  check(rank > 0, "searchsorted: needs a line of elements; the shape is {}", sorted.shape());
  Shape expected = sorted.shape();
  if (rank == values.shape().rank()) expected[rank - 1] = values.shape()[rank - 1];
  check(rank == 1 || values.shape() == expected,
      "searchsorted: the shapes {} and {} differ before the last dimension", sorted.shape(), values.shape());
  const Tensor from = contiguous(sorted.detach()), wanted = contiguous(values.detach());
  Tensor out = new_tensor(values.shape(), DType::int64, values.stream());
  const std::int64_t count = rank > 1 ? values.shape()[rank - 1] : values.numel();
  const std::int64_t lines = count > 0 ? values.numel() / count : 0;
  kernels::search(values.stream(), values.dtype(), {lines, sorted.shape()[rank - 1], count, rank == 1, right},
      out.ptr<std::int64_t>(), from.raw(), wanted.raw());
  return out;
}

UniqueValues unique(const Tensor& a, CallSite site) {
  const Call call("unique", site);
  const NoGradGuard no_grad;
  const std::int64_t n = a.numel();
  const auto [line, order] = sort(reshape(a, {n}));
  if (n == 0) return {line, reshape(order, a.shape()), order};
  const Tensor differs = ne(narrow(line, 0, 1, n - 1), narrow(line, 0, 0, n - 1));
  const Tensor is_first = cat({unsqueeze(autograd::number_beside(differs, 1), 0), differs});
  const Tensor start = squeeze(nonzero(is_first), 1), end = autograd::positions_beside(a, 1, n);
  return {masked_select(line, is_first),
      reshape(scatter(order, 0, order, sub(cumsum(is_first, 0), 1)), a.shape()),
      sub(cat({narrow(start, 0, 1, start.numel() - 1), end}), start)};
}

}  // namespace tenon
