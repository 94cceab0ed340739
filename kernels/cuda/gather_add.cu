// The gradient of gather: sums in shared memory, because each column has indices of its own. A warp owns a
// range of rows of one column (an outer position, if `inner` is 1) or of 32 columns, reads all of their
// indices in order, and writes each sum once. What limits it is the chain of one warp through a column.
#include <bit>

#include <tenon/kernels/cuda/index_add.cuh>

namespace tenon::kernels::cuda {
namespace {

inline constexpr int shared_bytes = 32 << 10;  // per block

/// The ranges of rows and the groups of columns; a warp has a range of a group at a time.
struct Owned {
  Indexed layout;
  std::int64_t count, groups, ranges;
  int rows;  // of a range
  bool shares;
};

/// Calls use(group, low, rows, sums) for each of the warp's ranges [low, low + rows), which have rows for
/// sums.
template <class T, class Use>
__device__ inline void each_range(const Owned& job, T* shared, const Use& use) {
  const int warps = static_cast<int>(blockDim.x) / 32, warp = static_cast<int>(threadIdx.x) / 32;
  T* const sums = shared + warp * (shared_bytes / static_cast<int>(sizeof(T)) / warps);
  for (std::int64_t unit = std::int64_t{blockIdx.x} * warps + warp; unit < job.groups * job.ranges;
       unit += std::int64_t{gridDim.x} * warps) {
    const std::int64_t low = unit % job.ranges * job.rows, left = job.layout.size - low;
    use(unit / job.ranges, low, static_cast<int>(left < job.rows ? left : job.rows), sums);
  }
}

/// Adds g[i] to sums[index[i] - low]. The lanes have consecutive positions; those with similar rows take
/// turns.
template <class T>
__device__ inline void add_column(
    std::int64_t count, T* sums, std::int64_t low, int rows, const T* g, const std::int64_t* index) {
  constexpr int ahead = 8;
  const unsigned lane = threadIdx.x % 32, below = (1u << lane) - 1;
  for (std::int64_t first = 0; first < count; first += 32 * ahead) {
    int row[ahead];
    T x[ahead];
#pragma unroll
    for (int k = 0; k < ahead; ++k) {
      const std::int64_t i = first + 32 * k + lane;
      row[k] = i < count ? row_in(index[i], low, rows) : -1;
      x[k] = i < count ? g[i] : T(0);
    }
#pragma unroll
    for (int k = 0; k < ahead; ++k) {
      if (first + 32 * k >= count) break;
      const unsigned before = lanes_alike(row[k]) & below;
      const int turn = row[k] < 0 ? -1 : __popc(before);
      for (int now = 0; __any_sync(all_lanes, turn >= now); ++now) {
        if (turn == now) sums[row[k]] = sums[row[k]] + x[k];
        __syncwarp();
      }
    }
  }
}

/// `inner` is 1. With Vec `out` and its columns are aligned for packs.
template <bool Vec, class T>
__global__ void __launch_bounds__(block_threads)
    add_to_column(const __grid_constant__ Owned job, T* out, const T* g, const std::int64_t* index) {
  constexpr int w = Vec ? pack_width<T> : 1;
  using P = Pack<T, w>;
  SIMT_SHARED(shared, T[shared_bytes / sizeof(T)]);
  const int lane = static_cast<int>(threadIdx.x) % 32;
  each_range(job, shared, [&](std::int64_t o, std::int64_t low, int rows, T* sums) {
    T* const to = out + o * job.layout.size + low;
    for (int r = lane * w; r < rows; r += 32 * w) *reinterpret_cast<P*>(sums + r) = {};
    __syncwarp();
    add_column(job.count, sums, low, rows, g + o * job.count, job.shares ? index : index + o * job.count);
    for (int r = lane * w; r < rows; r += 32 * w)
      *reinterpret_cast<P*>(to + r) = *reinterpret_cast<const P*>(sums + r);
    __syncwarp();
  });
}

/// Each lane has its own column, and a row of `sums` has 32 of them.
template <class T>
__global__ void __launch_bounds__(block_threads)
    add_to_columns(const __grid_constant__ Owned job, T* out, const T* g, const std::int64_t* index) {
  constexpr int ahead = 8;
  SIMT_SHARED(shared, T[shared_bytes / sizeof(T)]);
  const std::int64_t inner = job.layout.inner, index_step = job.shares ? 1 : inner;
  each_range(job, shared, [&](std::int64_t group, std::int64_t low, int rows, T* all_sums) {
    const std::int64_t column = group * 32 + threadIdx.x % 32, o = column / inner, j = column % inner;
    if (o >= job.layout.outer) return;
    T* const sums = all_sums + threadIdx.x % 32;
    T* const to = out + (o * job.layout.size + low) * inner + j;
    const T* const from = g + o * job.count * inner + j;
    const std::int64_t* const rows_of = job.shares ? index : index + o * job.count * inner + j;
    for (int r = 0; r < rows; ++r) sums[r * 32] = T(0);
    for (std::int64_t first = 0; first < job.count; first += ahead) {
      int row[ahead];
      T x[ahead];
#pragma unroll
      for (int k = 0; k < ahead; ++k) {
        const bool exists = first + k < job.count;
        row[k] = exists ? row_in(rows_of[(first + k) * index_step], low, rows) : -1;
        x[k] = exists ? from[(first + k) * inner] : T(0);
      }
#pragma unroll
      for (int k = 0; k < ahead; ++k)
        if (row[k] >= 0) sums[row[k] * 32] = sums[row[k] * 32] + x[k];
    }
#pragma unroll 4
    for (int r = 0; r < rows; ++r) to[r * inner] = sums[r * 32];
  });
}

}  // namespace

template <class T>
void add_in_shared(const char* name, Stream stream, const Indexed& layout, std::int64_t count, bool shares,
    T* out, const T* g, const std::int64_t* index) {
  if (layout.outer * layout.size * layout.inner == 0) return;
  const bool one = layout.inner == 1;
  const std::int64_t groups = one ? layout.outer : (layout.outer * layout.inner + 31) / 32;
  // As many rows as fit, as each range reads all indices; but if these are few, the writes need more warps.
  const std::int64_t most = shared_bytes / static_cast<std::int64_t>(sizeof(T)) / (one ? 1 : 32);
  const std::int64_t wanted = std::min(layout.size, std::clamp(3 * count, most / block_warps, most));
  const std::int64_t rows = std::min((wanted + 3) / 4 * 4, most);  // ranges are aligned for packs
  const auto warps = static_cast<std::int64_t>(
      std::bit_floor(static_cast<std::uint64_t>(std::min<std::int64_t>(most / rows, block_warps))));
  const Owned job{layout, count, groups, (layout.size + rows - 1) / rows, static_cast<int>(rows), shares};
  const auto run = [&](auto kernel) {
    launch({stream, name, {layout.outer, layout.size, layout.inner, count}}, kernel,
        blocks_for(stream, groups * job.ranges, warps), static_cast<int>(32 * warps), job, out, g, index);
  };
  if (!one) return run(add_to_columns<T>);
  with_bool(
      layout.size % pack_width<T> == 0 && is_aligned(out), [&](auto vec) { run(add_to_column<vec, T>); });
}
template void add_in_shared(
    const char*, Stream, const Indexed&, std::int64_t, bool, float*, const float*, const std::int64_t*);
template void add_in_shared(
    const char*, Stream, const Indexed&, std::int64_t, bool, double*, const double*, const std::int64_t*);

void gather_add(Stream stream, DType dtype, Indexed layout, void* out, const void* g,
    const std::int64_t* index, std::int64_t count) {
  // Of one column, the gradient is that of index_select, which can use all of the device.
  if (layout.outer == 1 && layout.inner == 1)
    return cuda::index_add(stream, dtype, layout, out, g, index, count);
  visit_floating("gather_add", dtype, [&]<class T>(std::type_identity<T>) {
    add_in_shared(
        "gather_add", stream, layout, count, false, static_cast<T*>(out), static_cast<const T*>(g), index);
  });
}

}  // namespace tenon::kernels::cuda
