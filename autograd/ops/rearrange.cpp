// Copies with elements repeated, moved or replaced.
#include <algorithm>
#include <cmath>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/gradients.h>

namespace tenon {

using autograd::Input;
using autograd::new_tensor;
using autograd::new_view;
using autograd::record;

namespace {

/// A tensor seen as [outer, size, inner], where `size` belongs to one dimension.
struct Around {
  std::int64_t outer, size, inner;
};
Around around(const Shape& shape, int d) {
  Around out{1, shape[d], 1};
  for (int i = 0; i < shape.rank(); ++i)
    if (i != d) (i < d ? out.outer : out.inner) *= shape[i];
  return out;
}

/// `count` copies along dimension d of `shape`, which is a's shape or has ones in front of it.
Tensor repeat_dim(const Tensor& a, const Shape& shape, int d, std::int64_t count, CallSite site) {
  const auto [outer, size, inner] = around(shape, d);
  Shape repeated = shape;
  repeated[d] *= count;
  Tensor out = new_tensor(repeated, a.dtype(), a.stream());
  {
    const NoGradGuard no_grad;
    out.view({outer, count, size * inner}).copy_(reshape(a, {outer, 1, size * inner}));
  }
  const Shape copies{outer, count, size * inner};
  return record("repeat", site, std::move(out), Input(a, [copies](const Tensor& g, const Shape& from) {
    return reshape(sum(reshape(g, copies), 1), from);
  }));
}

/// The dimensions of the mask in reverse order.
Tensor flip_dims(const Tensor& a, std::uint32_t dims, CallSite site) {
  Tensor out = a;
  {
    const NoGradGuard no_grad;
    for (int d = 0; d < a.shape().rank(); ++d) {
      const std::int64_t size = a.shape()[d];
      if (dims >> d & 1) out = index_select(out, d, autograd::positions_beside(a, size, size - 1, -1));
    }
    if (out.is_same(a)) out = autograd::copy(a, a.dtype());
  }
  return record("flip", site, std::move(out),
      Input(a, [dims](const Tensor& g) { return flip_dims(g, dims, CallSite::current()); }));
}

/// Moved by `shift` along the dimension of `size`, 0 <= shift <= size.
Tensor roll_by(const Tensor& a, const Around& whole, std::int64_t shift, CallSite site) {
  Tensor out = new_tensor(a.shape(), a.dtype(), a.stream());
  {
    const NoGradGuard no_grad;
    const Shape shape{whole.outer, whole.size, whole.inner};
    const Tensor from = reshape(a, shape), to = out.view(shape);
    const std::int64_t rest = whole.size - shift;
    to.narrow(1, 0, shift).copy_(from.narrow(1, rest, shift));
    to.narrow(1, shift, rest).copy_(from.narrow(1, 0, rest));
  }
  return record("roll", site, std::move(out), Input(a, [whole, shift](const Tensor& g) {
    return roll_by(g, whole, whole.size - shift, CallSite::current());
  }));
}

/// a where keeps(column, row + diagonal), zeros elsewhere.
Tensor triangle(const char* op, const Tensor& a, std::int64_t diagonal,
    Tensor (*keeps)(const Tensor&, const Tensor&, CallSite), CallSite site) {
  const Call call(op, site);
  check(a.dim() >= 2, "{}: needs a matrix; the shape is {}", op, a.shape());
  const std::int64_t rows = a.size(-2), columns = a.size(-1);
  const Tensor column = autograd::positions_beside(a, columns);
  const Tensor row = autograd::positions_beside(a, rows, std::clamp(diagonal, -rows, columns));
  return tenon::where(
      keeps(column, reshape(row, {rows, 1}), CallSite::current()), a, autograd::number_beside(a, 0));
}

/// The diagonal of a matrix as a view that is not on the tape.
Tensor diagonal_of(const Tensor& a, std::int64_t diagonal) {
  const std::int64_t rows = a.shape()[0], columns = a.shape()[1];
  const std::int64_t row = std::clamp<std::int64_t>(-diagonal, 0, rows);
  const std::int64_t column = std::clamp<std::int64_t>(diagonal, 0, columns);
  const std::int64_t length = std::min(rows - row, columns - column);
  const std::int64_t first = row * a.strides()[0] + column * a.strides()[1];
  return new_view(a, {length}, {a.strides()[0] + a.strides()[1]}, length == 0 ? 0 : first);
}

Tensor diagonal_copy(const Tensor& a, std::int64_t diagonal, CallSite site);

/// Zeros of `shape` with `a` on a diagonal.
Tensor diagonal_matrix(const Tensor& a, const Shape& shape, std::int64_t diagonal, CallSite site) {
  Tensor out = new_tensor(shape, a.dtype(), a.stream());
  {
    const NoGradGuard no_grad;
    out.zero_();
    diagonal_of(out, diagonal).copy_(a);
  }
  return record("diag", site, std::move(out),
      Input(a, [diagonal](const Tensor& g) { return diagonal_copy(g, diagonal, CallSite::current()); }));
}

Tensor diagonal_copy(const Tensor& a, std::int64_t diagonal, CallSite site) {
  return record("diag", site, autograd::copy(diagonal_of(a, diagonal), a.dtype()),
      Input(a, [diagonal](const Tensor& g, const Shape& from) {
        return diagonal_matrix(g, from, diagonal, CallSite::current());
      }));
}

}  // namespace

Tensor repeat(const Tensor& a, const Shape& repeats, CallSite site) {
  const Call call("repeat", site);
  const int added = repeats.rank() - a.shape().rank();
  check(added >= 0, "repeat: needs a number for each dimension; {} were given for shape {}", repeats.rank(),
      a.shape());
  Shape shape, repeated;
  for (int i = 0; i < repeats.rank(); ++i) {
    check(repeats[i] >= 0, "repeat: the numbers must not be negative; they are {}", repeats);
    shape.push_back(i < added ? 1 : a.shape()[i - added]);
    repeated.push_back(0);
    check(!__builtin_mul_overflow(shape[i], repeats[i], &repeated[i]),
        "repeat: {} times {} has too many elements", repeats, a.shape());
  }
  checked_numel("repeat", repeated);
  Tensor out = a;
  for (int d = repeats.rank() - 1; d >= 0; --d) {
    if (repeats[d] == 1) continue;
    out = repeat_dim(out, shape, d, repeats[d], site);
    shape = out.shape();
  }
  if (!out.is_same(a)) return out;
  return shape.rank() == 0 ? clone(a) : repeat_dim(a, shape, 0, 1, site);  // a copy all the same
}

Tensor flip(const Tensor& a, const Shape& dims, CallSite site) {
  const Call call("flip", site);
  std::uint32_t chosen = 0;
  for (const std::int64_t dim : dims) {
    const std::uint32_t bit = 1u << wrap_dim("flip", dim, a.shape().rank(), Rank0::as_vector);
    check((chosen & bit) == 0, "flip: dimension {} is named twice", dim);
    chosen |= bit;
  }
  return flip_dims(a, chosen, site);
}

Tensor roll(const Tensor& a, const Shape& shifts, const Shape& dims, CallSite site) {
  const Call call("roll", site);
  const bool flat = dims.rank() == 0;
  check(shifts.rank() == (flat ? 1 : dims.rank()), "roll: needs a shift per dimension; {} and {} were given",
      shifts, dims);
  Tensor out = a;
  for (int i = 0; i < shifts.rank(); ++i) {
    const int d = flat ? 0 : wrap_dim("roll", dims[i], a.shape().rank());
    const Around whole = flat ? Around{1, a.numel(), 1} : around(a.shape(), d);
    const std::int64_t by = whole.size == 0 ? 0 : shifts[i] % whole.size;
    out = roll_by(out, whole, by < 0 ? by + whole.size : by, site);
  }
  return out;
}

Tensor tril(const Tensor& a, std::int64_t diagonal, CallSite site) {
  return triangle("tril", a, diagonal, &le, site);
}

Tensor triu(const Tensor& a, std::int64_t diagonal, CallSite site) {
  return triangle("triu", a, diagonal, &ge, site);
}

Tensor diag(const Tensor& a, std::int64_t diagonal, CallSite site) {
  const Call call("diag", site);
  check(a.dim() == 1 || a.dim() == 2, "diag: needs a vector or a matrix; the shape is {}", a.shape());
  if (a.dim() == 2) return diagonal_copy(a, diagonal, site);
  std::int64_t size = a.numel();
  check(std::abs(diagonal) < most_elements, "diag: diagonal {} is too far from the main one", diagonal);
  size += std::abs(diagonal);
  checked_numel("diag", {size, size});
  return diagonal_matrix(a, {size, size}, diagonal, site);
}

Tensor slice_scatter(
    const Tensor& a, const Tensor& source, std::int64_t dim, const SliceRange& range, CallSite site) {
  const Call call("slice_scatter", site);
  const int d = wrap_dim("slice_scatter", dim, a.shape().rank());
  autograd::check_same_kind("slice_scatter", a, source);
  const auto [start, length] = autograd::range_of("slice_scatter", a.shape()[d], range);
  Shape part = a.shape();
  part[d] = length;
  check(source.shape() == part, "slice_scatter: the source is {}, the range of {} is {}", source.shape(),
      a.shape(), part);
  Tensor out = autograd::copy(a, a.dtype());
  const auto slice_of = [d, start = start, length = length, step = range.step](const Tensor& g) {
    return autograd::slice_range("slice", g, d, start, length, step, CallSite::current());
  };
  {
    const NoGradGuard no_grad;
    slice_of(out).copy_(source);
  }
  return record("slice_scatter", site, std::move(out),
      Input(a,
          [d, start = start, length = length, step = range.step](const Tensor& g) {
            Shape hole = g.shape();
            hole[d] = length;
            // The last index + 1, as a stop beyond the end of the range is the same.
            const std::int64_t stop = length == 0 ? start : start + (length - 1) * step + 1;
            return slice_scatter(g, expand(autograd::number_beside(g, 0), hole), d,
                {.start = start, .stop = stop, .step = step});
          }),
      Input(source, slice_of));
}

Tensor select_scatter(
    const Tensor& a, const Tensor& source, std::int64_t dim, std::int64_t index, CallSite site) {
  const Call call("select_scatter", site);
  const int d = wrap_dim("select_scatter", dim, a.shape().rank());
  const std::int64_t at = wrap_index("select_scatter", index, d, a.shape());
  check(source.dim() == a.dim() - 1, "select_scatter: the source is {}, the tensor {}", source.shape(),
      a.shape());
  return slice_scatter(a, unsqueeze(source, d), d, {.start = at, .stop = at + 1});
}

}  // namespace tenon
