// The dimensions of a reduction, as a bit mask: smaller than a list, so that pullbacks can capture it.
#pragma once
#include <cstdint>

#include <tenon/core/check.h>
#include <tenon/core/tensor.h>

namespace tenon::autograd {

using Dims = std::uint32_t;

inline Dims all_dims(const Tensor& a) { return (Dims{1} << a.dim()) - 1; }

/// The dimensions of a list, or all if it is empty.
inline Dims chosen_dims(const char* op, const Tensor& a, const Shape& dims) {
  if (dims.rank() == 0) return all_dims(a);
  Dims chosen = 0;
  for (const std::int64_t dim : dims) {
    const Dims bit = Dims{1} << wrap_dim(op, dim, a.shape().rank(), Rank0::as_vector);
    check((chosen & bit) == 0, "{}: dimension {} is named twice", op, dim);
    chosen |= bit;
  }
  return chosen & all_dims(a);
}

/// The list of a mask's dimensions. Empty if there is none, which functions take for all: so it is for
/// tensors without dimensions.
inline Shape list_of(Dims dims) {
  Shape list;
  for (int i = 0; i < max_rank; ++i)
    if (dims >> i & 1) list.push_back(i);
  return list;
}

/// `shape` with the reduced dimensions set to 1, or removed.
inline Shape reduced_shape(const Shape& shape, Dims dims, bool keepdim) {
  Shape out;
  for (int i = 0; i < shape.rank(); ++i) {
    const bool reduced = dims >> i & 1;
    if (!reduced || keepdim) out.push_back(reduced ? 1 : shape[i]);
  }
  return out;
}

/// `kept` without dimension d, unless that is wanted or there is none.
inline Tensor dropped(const Tensor& kept, int d, bool keepdim) {
  return keepdim || kept.dim() == 0 ? kept : kept.squeeze(d);
}

/// How many elements a result is made of.
inline std::int64_t reduced_count(const Tensor& a, Dims dims) {
  std::int64_t count = 1;
  for (int i = 0; i < a.shape().rank(); ++i)
    if (dims >> i & 1) count *= a.shape()[i];
  return count;
}

}  // namespace tenon::autograd
