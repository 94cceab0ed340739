// Gathering along a dimension, and its gradient. An index out of range is noted for the next synchronisation.
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/index.h>
#include <tenon/kernels/cuda/pack.cuh>

namespace tenon::kernels::cuda {
namespace {

using tenon::cuda::Fault;

/// Notes that `index` at `position` is not in [0, size), unless something was noted before.
__device__ inline void note(Fault* fault, const char* text, std::int64_t index, std::int64_t position,
    std::int64_t dim, std::int64_t size) {
  if (atomicCAS(&fault->found, 0u, 1u) != 0) return;
  fault->text = text;
  fault->values[0] = index, fault->values[1] = position, fault->values[2] = dim, fault->values[3] = size;
}

/// A thread an element; T is as many bytes as move at once.
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

/// A thread an element of the result, which looks for its index among all. A block reads them together.
template <class T>
__global__ void __launch_bounds__(block_threads)
    add_elements(Indexed layout, T* out, const T* g, const std::int64_t* index, std::int64_t count) {
  SIMT_SHARED(here, std::int64_t[block_threads]);
  const std::int64_t n = layout.outer * layout.size * layout.inner,
                     step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t first = std::int64_t{blockIdx.x} * blockDim.x; first < n; first += step) {
    const std::int64_t at = first + threadIdx.x, j = at % layout.inner, row = at / layout.inner;
    const std::int64_t o = row / layout.size, wanted = row % layout.size;
    T sum = T(0);
    for (std::int64_t i0 = 0; i0 < count; i0 += block_threads) {
      const int items = static_cast<int>(count - i0 < block_threads ? count - i0 : block_threads);
      if (static_cast<int>(threadIdx.x) < items) here[threadIdx.x] = index[i0 + threadIdx.x];
      __syncthreads();
      if (at < n)
        for (int i = 0; i < items; ++i)
          if (here[i] == wanted) sum = sum + g[(o * count + i0 + i) * layout.inner + j];
      __syncthreads();
    }
    if (at < n) out[at] = sum;
  }
}

/// A thread an element, each with an index of its own.
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

/// A thread an element of the result, which looks for itself in its column of the index.
template <class T>
__global__ void __launch_bounds__(block_threads)
    gather_add_elements(Indexed layout, T* out, const T* g, const std::int64_t* index, std::int64_t count) {
  const std::int64_t n = layout.outer * layout.size * layout.inner,
                     step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; at < n; at += step) {
    const std::int64_t j = at % layout.inner, row = at / layout.inner;
    const std::int64_t o = row / layout.size, wanted = row % layout.size;
    T sum = T(0);
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t from = (o * count + i) * layout.inner + j;
      if (index[from] == wanted) sum = sum + g[from];
    }
    out[at] = sum;
  }
}

/// The layout and the pointers in units of T.
template <class T>
void select(Stream stream, Indexed layout, std::int64_t bytes, void* out, const void* a,
    const std::int64_t* index, std::int64_t count, int dim) {
  layout.inner = bytes / static_cast<std::int64_t>(sizeof(T));
  launch({stream, "index_select", {layout.outer, count, layout.inner}}, select_elements<T>,
      blocks_for(stream, layout.outer * count * layout.inner, block_threads), block_threads, layout,
      static_cast<T*>(out), static_cast<const T*>(a), index, count, dim, tenon::cuda::fault_slot(stream),
      "index_select: index {} at position {} is out of range; dimension {} has size {}");
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

void index_add(Stream stream, DType dtype, Indexed layout, void* out, const void* g,
    const std::int64_t* index, std::int64_t count) {
  const auto add = [&]<class T>(T* to) {
    const std::int64_t n = layout.outer * layout.size * layout.inner;
    launch({stream, "index_add", {layout.outer, layout.size, layout.inner, count}}, add_elements<T>,
        blocks_for(stream, n, block_threads), block_threads, layout, to, static_cast<const T*>(g), index,
        count);
  };
  if (dtype == DType::float32) add(static_cast<float*>(out));
  else add(static_cast<double*>(out));
}

void gather(Stream stream, DType dtype, Indexed layout, void* out, const void* a, const std::int64_t* index,
    std::int64_t count, int dim) {
  const std::int64_t n = layout.outer * count * layout.inner;
  const auto take = [&]<class T>(T* to) {
    launch({stream, "gather", {layout.outer, count, layout.inner}}, gather_elements<T>,
        blocks_for(stream, n, block_threads), block_threads, layout, to, static_cast<const T*>(a), index,
        count, dim, tenon::cuda::fault_slot(stream),
        "gather: index {} at position {} is out of range; dimension {} has size {}");
  };
  switch (size_of(dtype)) {
    case 8: return take(static_cast<std::uint64_t*>(out));
    case 4: return take(static_cast<std::uint32_t*>(out));
    default: return take(static_cast<std::uint8_t*>(out));
  }
}

void gather_add(Stream stream, DType dtype, Indexed layout, void* out, const void* g,
    const std::int64_t* index, std::int64_t count) {
  const auto add = [&]<class T>(T* to) {
    const std::int64_t n = layout.outer * layout.size * layout.inner;
    launch({stream, "gather_add", {layout.outer, layout.size, layout.inner, count}}, gather_add_elements<T>,
        blocks_for(stream, n, block_threads), block_threads, layout, to, static_cast<const T*>(g), index,
        count);
  };
  if (dtype == DType::float32) add(static_cast<float*>(out));
  else add(static_cast<double*>(out));
}

}  // namespace tenon::kernels::cuda
