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

/// How the result is divided among walkers, each of which reads the whole index for some columns (positions
/// in `outer` and `inner`) and one of the `parts` of their rows. An element must be summed in the order of
/// the index, so each walker reads all of it: more parts mean more threads, but also more reads of the index.
struct Walks {
  Indexed layout;
  std::int64_t count, columns, parts, rows;  // `rows` per part

  /// `columns_at_once`: columns per walker; `walkers`: the number that keeps the device busy.
  Walks(const Indexed& shape, std::int64_t indices, std::int64_t columns_at_once, std::int64_t walkers)
      : layout(shape), count(indices), columns(shape.outer * shape.inner) {
    const std::int64_t groups = (columns + columns_at_once - 1) / columns_at_once;
    parts = std::clamp<std::int64_t>(
        walkers / std::max<std::int64_t>(groups, 1), 1, std::max<std::int64_t>(shape.size, 1));
    rows = (shape.size + parts - 1) / parts;
  }
};

/// A warp reads the index for 32 columns and one part of their rows.
template <class T>
__global__ void __launch_bounds__(block_threads)
    add_rows(const __grid_constant__ Walks job, T* out, const T* g, const std::int64_t* index) {
  constexpr unsigned all = 0xffffffffu;
  const auto [layout, count, columns, parts, rows] = job;
  const std::int64_t groups = (columns + 31) / 32, step = std::int64_t{gridDim.x} * (blockDim.x / 32);
  const unsigned lane = threadIdx.x % 32;
  for (std::int64_t unit = std::int64_t{blockIdx.x} * (blockDim.x / 32) + threadIdx.x / 32;
       unit < groups * parts; unit += step) {
    const std::int64_t column = unit % groups * 32 + lane, o = column / layout.inner,
                       j = column % layout.inner;
    const bool has_column = column < columns;
    const std::int64_t low = unit / groups * rows, high = low + rows < layout.size ? low + rows : layout.size;
    T* const to = out + o * layout.size * layout.inner + j;
    const T* const from = g + o * count * layout.inner + j;
    for (std::int64_t row = low; row < high && has_column; ++row) to[row * layout.inner] = T(0);
    for (std::int64_t first = 0; first < count; first += 32) {
      const std::int64_t mine = first + lane < count ? index[first + lane] : -1;
      unsigned found = __ballot_sync(all, mine >= low && mine < high);
      for (; found != 0; found &= found - 1) {
        const int source = __ffs(static_cast<int>(found)) - 1;
        T* const sum = to + __shfl_sync(all, mine, source) * layout.inner;
        if (has_column) *sum = *sum + from[(first + source) * layout.inner];
      }
    }
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

/// A thread reads its column of the index for one part of its rows.
template <class T>
__global__ void __launch_bounds__(block_threads)
    add_columns(const __grid_constant__ Walks job, T* out, const T* g, const std::int64_t* index) {
  const auto [layout, count, columns, parts, rows] = job;
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t unit = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; unit < columns * parts;
       unit += step) {
    const std::int64_t column = unit % columns, o = column / layout.inner, j = column % layout.inner;
    const std::int64_t low = unit / columns * rows,
                       high = low + rows < layout.size ? low + rows : layout.size;
    T* const to = out + o * layout.size * layout.inner + j;
    for (std::int64_t row = low; row < high; ++row) to[row * layout.inner] = T(0);
#pragma unroll 4
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t at = (o * count + i) * layout.inner + j, row = index[at];
      if (row >= low && row < high) to[row * layout.inner] = to[row * layout.inner] + g[at];
    }
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

void index_add(Stream stream, DType dtype, Indexed layout, void* out, const void* g,
    const std::int64_t* index, std::int64_t count) {
  const std::int64_t warps = 64 * std::int64_t{tenon::cuda::multiprocessors(stream)};
  const Walks job(layout, count, 32, warps);
  visit_floating("index_add", dtype, [&]<class T>(std::type_identity<T>) {
    launch({stream, "index_add", {layout.outer, layout.size, layout.inner, count}}, add_rows<T>,
        blocks_for(stream, (job.columns + 31) / 32 * job.parts, block_threads / 32), block_threads, job,
        static_cast<T*>(out), static_cast<const T*>(g), index);
  });
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

void gather_add(Stream stream, DType dtype, Indexed layout, void* out, const void* g,
    const std::int64_t* index, std::int64_t count) {
  const std::int64_t threads = 2048 * std::int64_t{tenon::cuda::multiprocessors(stream)};
  const Walks job(layout, count, 1, threads);
  visit_floating("gather_add", dtype, [&]<class T>(std::type_identity<T>) {
    launch({stream, "gather_add", {layout.outer, layout.size, layout.inner, count}}, add_columns<T>,
        blocks_for(stream, job.columns * job.parts, block_threads), block_threads, job, static_cast<T*>(out),
        static_cast<const T*>(g), index);
  });
}

}  // namespace tenon::kernels::cuda
