// Operations on shapes. Apart from reshape, which may have to copy, they return views.
#include <algorithm>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/gradients.h>

namespace tenon {

using autograd::new_view;
using autograd::record_view;

namespace {

/// `shape` with -1 replaced by the inferred size.
Shape complete_shape(const Tensor& a, const Shape& shape) {
  Shape out = shape;
  std::int64_t known = 1;
  int open = -1;
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape[i] == -1) {
      check(open < 0, "reshape: only one size may be -1; the shape is {}", shape);
      open = i;
    } else {
      check(shape[i] >= 0, "reshape: sizes must not be negative; the shape is {}", shape);
      check(!__builtin_mul_overflow(known, shape[i], &known), "reshape: the shape {} has too many elements",
          shape);
    }
  }
  if (open >= 0) {
    check(known != 0 && a.numel() % known == 0, "reshape: {} does not fit into {}", a.shape(), shape);
    out[open] = a.numel() / known;
    known *= out[open];
  }
  check(known == a.numel(), "reshape: {} has {} elements, {} has {}", a.shape(), a.numel(), shape, known);
  return out;
}

/// The strides that represent `a` in another shape, if there are any: each run of dimensions that is
/// contiguous in memory with a constant stride can be split anew.
bool reshape_strides(const Tensor& a, const Shape& shape, Strides& strides) {
  strides = contiguous_strides(shape);
  if (a.is_contiguous()) return true;
  int to = shape.rank() - 1;
  std::int64_t run_size = 1, cut_size = 1, step = 0;
  for (int from = a.shape().rank() - 1; from >= 0; --from) {
    if (run_size == 1) step = a.strides()[from];
    run_size *= a.shape()[from];
    const bool run_ends = from == 0 || (a.shape()[from - 1] != 1 && a.strides()[from - 1] != run_size * step);
    if (!run_ends) continue;
    while (to >= 0 && (cut_size < run_size || shape[to] == 1)) {
      strides[to] = cut_size * step;
      cut_size *= shape[to--];
    }
    if (cut_size != run_size) return false;
    run_size = cut_size = 1;
  }
  return to < 0;
}

}  // namespace

Tensor reshape(const Tensor& a, const Shape& shape, CallSite site) {
  const Call call("reshape", site);
  const Shape wanted = complete_shape(a, shape);
  Strides strides;
  if (!reshape_strides(a, wanted, strides)) return reshape(contiguous(a), wanted);
  return record_view("reshape", site, a, new_view(a, wanted, strides, 0),
      [](const Tensor& g, const Shape& from) { return reshape(g, from); });
}

Tensor Tensor::view(const Shape& shape, CallSite site) const {
  const Call call("view", site);
  const Shape wanted = complete_shape(*this, shape);
  Strides strides;
  check(reshape_strides(*this, wanted, strides),
      "view: strides cannot express a tensor of shape {} as {}; use reshape(), which copies", this->shape(),
      wanted);
  return tenon::reshape(*this, wanted);
}

Tensor Tensor::view_as(const Tensor& other, CallSite site) const {
  const Call call("view_as", site);
  return view(other.shape());
}

Tensor flatten(const Tensor& a, std::int64_t start_dim, std::int64_t end_dim, CallSite site) {
  const Call call("flatten", site);
  const int rank = a.shape().rank(), first = wrap_dim("flatten", start_dim, rank, Rank0::as_vector),
            last = wrap_dim("flatten", end_dim, rank, Rank0::as_vector);
  check(first <= last, "flatten: start_dim {} comes after end_dim {}", start_dim, end_dim);
  if (rank == 0) return reshape(a, {1});
  Shape shape;
  for (int i = 0; i < rank; ++i) {
    if (i > first && i <= last) shape[first] *= a.shape()[i];
    else shape.push_back(a.shape()[i]);
  }
  return reshape(a, shape);
}

namespace autograd {

RangeOf range_of(const char* op, std::int64_t size, const SliceRange& range) {
  check(range.step > 0, "{}: the step must be positive; it is {}", op, range.step);
  const auto bound = [size](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + size : at, 0, size);
  };
  const std::int64_t start = bound(range.start.value_or(0)), stop = range.stop ? bound(*range.stop) : size;
  return {start, start < stop ? (stop - start - 1) / range.step + 1 : 0};
}

Tensor slice_range(const char* op, const Tensor& a, int dim, std::int64_t start, std::int64_t length,
    std::int64_t step, CallSite site) {
  Shape shape = a.shape();
  Strides strides = a.strides();
  shape[dim] = length;
  if (length > 1) strides[dim] *= step;  // a step beyond the end may be too large to multiply
  return record_view(op, site, a, new_view(a, shape, strides, length == 0 ? 0 : start * a.strides()[dim]),
      [dim, start, step](
          const Tensor& g, const Shape& from) { return slice_backward(g, from, dim, start, step); });
}

Tensor slice_backward(const Tensor& g, const Shape& shape, int dim, std::int64_t start, std::int64_t step) {
  Tensor out = new_tensor(shape, g.dtype(), g.stream());
  kernels::copy(g.stream(), g.dtype(), g.dtype(), shape, out.raw(), 0.0);
  {
    const NoGradGuard no_grad;
    const Tensor part = slice_range("slice", out, dim, start, g.shape()[dim], step, CallSite::current());
    kernels::copy(g.stream(), g.dtype(), g.dtype(), g.shape(), result_of(part),
        Operand("slice_backward", g, g.shape()));
  }
  return record("slice_backward", CallSite::current(), std::move(out),
      Input(g, [dim, start, length = g.shape()[dim], step](const Tensor& gg) {
        return slice_range("slice", gg, dim, start, length, step, CallSite::current());
      }));
}

}  // namespace autograd

namespace {

/// The parts of dimension d, which cover it exactly.
std::vector<Tensor> parts_of(const char* op, const Tensor& a, int d, const SplitSizes& sizes, CallSite site) {
  const std::int64_t size = a.shape()[d];
  std::vector<std::int64_t> lengths = sizes.list;
  if (sizes.each >= 0) {
    check(sizes.each > 0 || size == 0, "{}: the parts of dimension {} of {} must have elements", op, d,
        a.shape());
    if (size == 0) lengths.push_back(0);
    for (std::int64_t at = 0; at < size; at += lengths.back())
      lengths.push_back(std::min(sizes.each, size - at));
  }
  std::int64_t rest = size;
  for (const std::int64_t length : lengths) {
    check(length >= 0, "{}: sizes must not be negative; one is {}", op, length);
    check(length <= rest, "{}: the sizes exceed dimension {} of {}", op, d, a.shape());
    rest -= length;
  }
  check(rest == 0, "{}: the sizes leave {} elements of dimension {} of {}", op, rest, d, a.shape());
  std::vector<Tensor> parts;
  std::int64_t at = 0;
  for (const std::int64_t length : lengths) {
    parts.push_back(autograd::slice_range(op, a, d, at, length, 1, site));
    at += length;
  }
  return parts;
}

}  // namespace

Tensor narrow(const Tensor& a, std::int64_t dim, std::int64_t start, std::int64_t length, CallSite site) {
  const Call call("narrow", site);
  const int d = wrap_dim("narrow", dim, a.shape().rank());
  const std::int64_t size = a.shape()[d], first = start < 0 ? start + size : start;
  check(first >= 0 && length >= 0 && length <= size && first <= size - length,
      "narrow: elements {} to {} + {} are out of range; dimension {} of {} has {}", start, start, length, dim,
      a.shape(), size);
  return autograd::slice_range("narrow", a, d, first, length, 1, site);
}

Tensor slice(const Tensor& a, std::int64_t dim, const SliceRange& range, CallSite site) {
  const Call call("slice", site);
  const int d = wrap_dim("slice", dim, a.shape().rank());
  const auto [start, length] = autograd::range_of("slice", a.shape()[d], range);
  return autograd::slice_range("slice", a, d, start, length, range.step, site);
}

Tensor select(const Tensor& a, std::int64_t dim, std::int64_t index, CallSite site) {
  const Call call("select", site);
  const int d = wrap_dim("select", dim, a.shape().rank());
  const std::int64_t at = wrap_index("select", index, d, a.shape());
  Shape shape;
  Strides strides;
  for (int i = 0; i < a.shape().rank(); ++i) {
    if (i == d) continue;
    shape.push_back(a.shape()[i]);
    strides.push_back(a.strides()[i]);
  }
  return record_view("select", site, a, new_view(a, shape, strides, at * a.strides()[d]),
      [d, at](const Tensor& g, const Shape& from) {
        return autograd::slice_backward(unsqueeze(g, d), from, d, at, 1);
      });
}

std::vector<Tensor> split(const Tensor& a, const SplitSizes& sizes, std::int64_t dim, CallSite site) {
  const Call call("split", site);
  const int d = wrap_dim("split", dim, a.shape().rank());
  return parts_of("split", a, d, sizes, site);
}

std::vector<Tensor> chunk(const Tensor& a, std::int64_t chunks, std::int64_t dim, CallSite site) {
  const Call call("chunk", site);
  const int d = wrap_dim("chunk", dim, a.shape().rank());
  check(chunks > 0, "chunk: the number of parts must be positive; it is {}", chunks);
  const std::int64_t size = a.shape()[d];
  if (size == 0)
    return parts_of("chunk", a, d, std::vector<std::int64_t>(static_cast<std::size_t>(chunks)), site);
  return parts_of("chunk", a, d, (size - 1) / chunks + 1, site);
}

std::vector<Tensor> unbind(const Tensor& a, std::int64_t dim, CallSite site) {
  const Call call("unbind", site);
  const int d = wrap_dim("unbind", dim, a.shape().rank());
  std::vector<Tensor> parts;
  for (std::int64_t i = 0; i < a.shape()[d]; ++i) parts.push_back(select(a, d, i));
  return parts;
}

Tensor expand(const Tensor& a, const Shape& shape, CallSite site) {
  const Call call("expand", site);
  Shape wanted = shape;
  const int shift = shape.rank() - a.shape().rank();
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape[i] == -1 && i >= shift) wanted[i] = a.shape()[i - shift];
    check(wanted[i] >= 0, "expand: size {} of dimension {} is negative; the shape is {}", shape[i], i,
        a.shape());
  }
  const Strides strides = broadcast_strides("expand", a.shape(), a.strides(), wanted);
  return autograd::record_view("expand", site, a, autograd::new_view(a, wanted, strides, 0),
      [](const Tensor& g, const Shape& from) { return autograd::sum_to(g, from); });
}

Tensor Tensor::expand_as(const Tensor& other, CallSite site) const {
  const Call call("expand_as", site);
  return expand(other.shape());
}

Tensor unsqueeze(const Tensor& a, std::int64_t dim, CallSite site) {
  const Call call("unsqueeze", site);
  const int rank = a.shape().rank(), d = wrap_dim("unsqueeze", dim, rank + 1);
  Shape shape;
  Strides strides;
  for (int i = 0; i <= rank; ++i) {
    const bool added = i == d;
    shape.push_back(added ? 1 : a.shape()[i - (i > d)]);
    strides.push_back(added ? 1 : a.strides()[i - (i > d)]);
  }
  return record_view("unsqueeze", site, a, new_view(a, shape, strides, 0),
      [](const Tensor& g, const Shape& from) { return reshape(g, from); });
}

namespace {

Tensor squeeze_dims(const Tensor& a, std::uint32_t dims, CallSite site) {
  Shape shape;
  Strides strides;
  for (int i = 0; i < a.shape().rank(); ++i) {
    if (a.shape()[i] == 1 && (dims >> i & 1)) continue;
    shape.push_back(a.shape()[i]);
    strides.push_back(a.strides()[i]);
  }
  return record_view("squeeze", site, a, new_view(a, shape, strides, 0),
      [](const Tensor& g, const Shape& from) { return reshape(g, from); });
}

}  // namespace

Tensor squeeze(const Tensor& a, CallSite site) { return squeeze_dims(a, ~0u, site); }
Tensor squeeze(const Tensor& a, std::int64_t dim, CallSite site) {
  const Call call("squeeze", site);
  return squeeze_dims(a, 1u << wrap_dim("squeeze", dim, a.shape().rank(), Rank0::as_vector), site);
}

Tensor transpose(const Tensor& a, std::int64_t dim0, std::int64_t dim1, CallSite site) {
  const Call call("transpose", site);
  const int rank = a.shape().rank(), d0 = wrap_dim("transpose", dim0, rank, Rank0::as_vector),
            d1 = wrap_dim("transpose", dim1, rank, Rank0::as_vector);
  Shape shape = a.shape();
  Strides strides = a.strides();
  if (d0 != d1) {
    std::swap(shape[d0], shape[d1]);
    std::swap(strides[d0], strides[d1]);
  }
  return record_view("transpose", site, a, new_view(a, shape, strides, 0),
      [d0, d1](const Tensor& g) { return transpose(g, d0, d1); });
}

Tensor t(const Tensor& a, CallSite site) {
  const Call call("t", site);
  check(a.dim() <= 2, "t: needs at most two dimensions; the shape is {}", a.shape());
  return a.dim() == 2 ? transpose(a, 0, 1) : a;
}

Tensor permute(const Tensor& a, const Shape& dims, CallSite site) {
  const Call call("permute", site);
  const int rank = a.shape().rank();
  check(dims.rank() == rank, "permute: {} dimensions for a tensor of shape {}", dims.rank(), a.shape());
  Shape shape, inverse = a.shape();
  Strides strides;
  std::uint32_t seen = 0;
  for (const std::int64_t dim : dims) {
    const int d = wrap_dim("permute", dim, rank);
    check((seen >> d & 1) == 0, "permute: dimension {} is named twice", dim);
    seen |= 1u << d;
    inverse[d] = shape.rank();
    shape.push_back(a.shape()[d]);
    strides.push_back(a.strides()[d]);
  }
  return record_view("permute", site, a, new_view(a, shape, strides, 0),
      [inverse](const Tensor& g) { return permute(g, inverse); });
}

}  // namespace tenon
