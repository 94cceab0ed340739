// Indexing along a dimension, its gradient, and what writing by index needs.
#pragma once
#include <tenon/kernels/operand.h>

namespace tenon::kernels {

/// A dense, row-major array [outer, size, inner] that is indexed along its middle dimension.
struct Indexed {
  std::int64_t outer, size, inner;
};
/// A dense array of `shape` seen along a dimension; without dimensions it is seen as [1].
inline Indexed indexed(const Shape& shape, int dim) {
  if (shape.rank() == 0) return {1, 1, 1};
  Indexed layout{1, shape[dim], 1};
  for (int i = 0; i < shape.rank(); ++i) (i < dim ? layout.outer : layout.inner) *= i == dim ? 1 : shape[i];
  return layout;
}

/// out[o, i, j] = a[o, index[i], j] for i < count; any dtype. If an index is not in [0, size), throws Error:
/// `index_select: index 7 at position 2 is out of range; dimension 0 has size 5`. No elements are written for
/// it; others may have been.
void index_select(Stream stream, DType dtype, Indexed layout, void* out, const void* a,
    const std::int64_t* index, std::int64_t count, int dim);

/// out[o, index[i], j] += g[o, i, j] starting from +0, in ascending i: the gradient of index_select. Floating
/// point. The indices have been checked by index_select.
void index_add(Stream stream, DType dtype, Indexed layout, void* out, const void* g,
    const std::int64_t* index, std::int64_t count);

/// out[o, i, j] = a[o, index[o, i, j], j] for i < count; any dtype. An index out of range is an error as
/// above, with its position in the whole index.
void gather(Stream stream, DType dtype, Indexed layout, void* out, const void* a, const std::int64_t* index,
    std::int64_t count, int dim);

/// out[o, index[o, i, j], j] += g[o, i, j] starting from +0, in ascending i: the gradient of gather. Floating
/// point.
void gather_add(Stream stream, DType dtype, Indexed layout, void* out, const void* g,
    const std::int64_t* index, std::int64_t count);

/// Checks that all n indices are in [least, size), where a negative one counts from the end. `range_error`
/// is a text like those below, of static storage.
void check_indices(Stream stream, const std::int64_t* index, std::int64_t n, std::int64_t least,
    std::int64_t size, int dim, const char* range_error);

/// out[o, k, j], which is -1 before, becomes the last i with index[o, i, j] = k. The indices have been
/// checked.
void last_position(
    Stream stream, Indexed layout, std::int64_t* out, const std::int64_t* index, std::int64_t count);

/// out[o, index[o, i, j], j] += g[o, i, j] modulo 2^64. The indices have been checked.
void add_integers(Stream stream, Indexed layout, std::int64_t* out, const std::int64_t* g,
    const std::int64_t* index, std::int64_t count);

/// The positions where a running count of n entries grows, by one each: out[k] is where it becomes k + 1.
void growths(Stream stream, std::int64_t n, std::int64_t* out, const std::int64_t* count);

// The implementations per device. On CUDA, elements with an index out of range are left unchanged, and the
// next synchronisation throws.
namespace cpu {
decltype(kernels::index_select) index_select;
decltype(kernels::index_add) index_add;
decltype(kernels::gather) gather;
decltype(kernels::gather_add) gather_add;
decltype(kernels::check_indices) check_indices;
decltype(kernels::last_position) last_position;
decltype(kernels::add_integers) add_integers;
decltype(kernels::growths) growths;
}  // namespace cpu
namespace cuda {
decltype(kernels::index_select) index_select;
decltype(kernels::index_add) index_add;
decltype(kernels::gather) gather;
decltype(kernels::gather_add) gather_add;
decltype(kernels::check_indices) check_indices;
decltype(kernels::last_position) last_position;
decltype(kernels::add_integers) add_integers;
decltype(kernels::growths) growths;
}  // namespace cuda

/// The errors for an index out of range on both devices: index, position, dimension and its size.
inline constexpr char index_select_error[] =
    "index_select: index {} at position {} is out of range; dimension {} has size {}";
inline constexpr char gather_error[] =
    "gather: index {} at position {} is out of range; dimension {} has size {}";

}  // namespace tenon::kernels
