// Indexing along a dimension, and its gradient. An index out of range is recorded for the next
// synchronisation.
#include <tenon/kernels/arith/comparison.h>
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/index.h>
#include <tenon/kernels/cuda/pack.cuh>

namespace tenon::kernels::cuda {
namespace {

using tenon::cuda::Fault;

/// Records that `index` at `position` is not in [0, size), unless an error was recorded before.
__device__ inline void note(Fault* fault, const char* text, std::int64_t index, std::int64_t position,
    std::int64_t dim, std::int64_t size) {
  if (atomicCAS(&fault->found, 0u, 1u) != 0) return;
  fault->text = text;
  fault->values[0] = index, fault->values[1] = position, fault->values[2] = dim, fault->values[3] = size;
}

/// One thread per element; T has the size of the unit that is moved.
template <class T>
__global__ void __launch_bounds__(block_threads) select_elements(Indexed layout, T* out, const T* a,
    const std::int64_t* index, std::int64_t count, int dim, Fault* fault, const char* text) {
  const std::int64_t n = layout.outer * count * layout.inner, step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; at < n; at += step) {
    const std::int64_t j = at % layout.inner, row = at / layout.inner, o = row / count, i = row % count;
    const std::int64_t from = index[i];
    if (from >= 0 && from < layout.size) out[at] = a[(o * layout.size + from) * layout.inner + j];
    else note(fault, text, from, i, dim, layout.size);
  }
}

/// One thread and one index per element.
template <class T>
__global__ void __launch_bounds__(block_threads) gather_elements(Indexed layout, T* out, const T* a,
    const std::int64_t* index, std::int64_t count, int dim, Fault* fault, const char* text) {
  const std::int64_t n = layout.outer * count * layout.inner, step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; at < n; at += step) {
    const std::int64_t o = at / (count * layout.inner), j = at % layout.inner, from = index[at];
    if (from >= 0 && from < layout.size) out[at] = a[(o * layout.size + from) * layout.inner + j];
    else note(fault, text, from, at, dim, layout.size);
  }
}

/// The layout and the pointers in units of T.
template <class T>
void select(Stream stream, Indexed layout, std::int64_t bytes, void* out, const void* a,
    const std::int64_t* index, std::int64_t count, int dim) {
  layout.inner = bytes / static_cast<std::int64_t>(sizeof(T));
  launch({stream, "index_select", {layout.outer, count, layout.inner}, true}, select_elements<T>,
      blocks_for(stream, layout.outer * count * layout.inner, block_threads), block_threads, layout,
      static_cast<T*>(out), static_cast<const T*>(a), index, count, dim, tenon::cuda::fault_slot(stream),
      index_select_error);
}

}  // namespace

void index_select(Stream stream, DType dtype, Indexed layout, void* out, const void* a,
    const std::int64_t* index, std::int64_t count, int dim) {
  const std::int64_t bytes = layout.inner * static_cast<std::int64_t>(size_of(dtype));
  const auto fits = [&](std::int64_t unit) {
    const auto u = static_cast<std::size_t>(unit);
    return bytes % unit == 0 && is_aligned(out, u) && is_aligned(a, u);
  };
  if (fits(16)) select<Pack<std::uint32_t, 4>>(stream, layout, bytes, out, a, index, count, dim);
  else if (fits(4)) select<std::uint32_t>(stream, layout, bytes, out, a, index, count, dim);
  else select<std::uint8_t>(stream, layout, bytes, out, a, index, count, dim);
}

void gather(Stream stream, DType dtype, Indexed layout, void* out, const void* a, const std::int64_t* index,
    std::int64_t count, int dim) {
  const std::int64_t n = layout.outer * count * layout.inner;
  const auto take = [&]<class T>(T* to) {
    launch({stream, "gather", {layout.outer, count, layout.inner}, true}, gather_elements<T>,
        blocks_for(stream, n, block_threads), block_threads, layout, to, static_cast<const T*>(a), index,
        count, dim, tenon::cuda::fault_slot(stream), gather_error);
  };
  visit_any(dtype, [&]<class T>(std::type_identity<T>) { take(static_cast<arith::Bytes<T>*>(out)); });
}

}  // namespace tenon::kernels::cuda
