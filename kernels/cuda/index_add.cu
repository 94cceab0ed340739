// The gradients of selections, which add. Every element of the result is a chain of additions in ascending
// order of position, starting from +0 (docs/numerics.md), whatever the kernel. Indices out of range are
// ignored: the selection has reported them.
#include <bit>
#include <cstdlib>

#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/cuda/offsets.h>
#include <tenon/kernels/index.h>
#include <tenon/kernels/cuda/pack.cuh>

namespace tenon::kernels::cuda {
namespace {

const int candidate = std::getenv("TENON_CANDIDATE") ? std::atoi(std::getenv("TENON_CANDIDATE")) : 0;
constexpr unsigned all_lanes = 0xffffffffu;
constexpr int block_warps = block_threads / 32;

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


// ---- few rows or many columns: the sums are in shared memory

/// A warp owns `rows` rows of one column (an outer position, if `inner` is 1), or of 32 columns, and reads
/// all of their indices. With `shares` all columns have the same ones.
struct Owned {
  Indexed layout;
  std::int64_t count, ranges;  // of rows
  int rows;
  bool shares;
};

inline constexpr int shared_bytes = 32 << 10;  // per block

/// With one column, lanes have consecutive positions: those with the same row take turns in ascending order.
template <class T>
__device__ inline void add_one_column(const Owned& job, T* sums, int rows, std::int64_t low,
    const T* g, const std::int64_t* index) {
  constexpr int ahead = 16 / static_cast<int>(sizeof(T));
  const unsigned lane = threadIdx.x % 32, below = (1u << lane) - 1;
  for (std::int64_t first = lane; first - lane < job.count; first += 32 * ahead) {
    std::int64_t row[ahead];
    T x[ahead];
#pragma unroll
    for (int k = 0; k < ahead; ++k) {
      const std::int64_t i = first + 32 * k;
      row[k] = i < job.count ? index[i] - low : -1;
      x[k] = i < job.count ? g[i] : T(0);
    }
#pragma unroll
    for (int k = 0; k < ahead; ++k) {
      if (first - lane + 32 * k >= job.count) break;
      const bool mine = row[k] >= 0 && row[k] < rows;
      const int at = static_cast<int>(row[k]);
      const unsigned same = __match_any_sync(all_lanes, mine ? static_cast<unsigned>(at) : ~lane);
      const int turn = mine ? __popc(same & below) : -1;
      int now = 0;
      do {
        if (turn == now) sums[at] = sums[at] + x[k];
        __syncwarp();
      } while (__any_sync(all_lanes, turn >= ++now));
    }
  }
}

/// With 32 columns, each lane has its own.
template <class T>
__device__ inline void add_own_column(const Owned& job, T* sums, int rows, std::int64_t low, const T* g,
    const std::int64_t* index) {
  constexpr int ahead = 8;
  for (std::int64_t first = 0; first < job.count; first += ahead) {
    std::int64_t row[ahead];
    T x[ahead];
#pragma unroll
    for (int k = 0; k < ahead; ++k) {
      const bool is_one = first + k < job.count;
      row[k] = is_one ? index[(first + k) * (job.shares ? 1 : job.layout.inner)] - low : -1;
      x[k] = is_one ? g[(first + k) * job.layout.inner] : T(0);
    }
#pragma unroll
    for (int k = 0; k < ahead; ++k)
      if (row[k] >= 0 && row[k] < rows) sums[row[k] * 32] = sums[row[k] * 32] + x[k];
  }
}

template <class T, bool One, bool Vec>
__global__ void __launch_bounds__(block_threads)
    add_owned(const __grid_constant__ Owned job, T* out, const T* g, const std::int64_t* index) {
  SIMT_SHARED(all_sums, T[shared_bytes / sizeof(T)]);
  constexpr int w = Vec ? pack_width<T> : 1;
  const auto [outer, size, inner] = job.layout;
  const int lane = static_cast<int>(threadIdx.x) % 32, warps = static_cast<int>(blockDim.x) / 32,
            warp = static_cast<int>(threadIdx.x) / 32;
  T* const sums = all_sums + warp * (shared_bytes / static_cast<int>(sizeof(T)) / warps);
  const std::int64_t groups = One ? outer : (outer * inner + 31) / 32;
  for (std::int64_t unit = std::int64_t{blockIdx.x} * warps + warp; unit < groups * job.ranges;
       unit += std::int64_t{gridDim.x} * warps) {
    const std::int64_t group = unit / job.ranges, low = unit % job.ranges * job.rows;
    const int rows = static_cast<int>(low + job.rows < size ? job.rows : size - low);
    if constexpr (One) {
      T* const to = out + group * size + low;
      for (int r = lane * w; r < rows; r += 32 * w) *reinterpret_cast<Pack<T, w>*>(sums + r) = {};
      __syncwarp();
      add_one_column(job, sums, rows, low, g + group * job.count, job.shares ? index : index + group * job.count);
      __syncwarp();
      for (int r = lane * w; r < rows; r += 32 * w)
        *reinterpret_cast<Pack<T, w>*>(to + r) = *reinterpret_cast<const Pack<T, w>*>(sums + r);
      __syncwarp();
    } else {
      const std::int64_t column = group * 32 + lane, o = column / inner, j = column % inner;
      if (o >= outer) continue;
      T* const to = out + (o * size + low) * inner + j;
      for (int r = 0; r < rows; ++r) sums[r * 32 + lane] = T(0);
      const std::int64_t offset = o * job.count * inner + j;
      add_own_column(job, sums + lane, rows, low, g + offset, job.shares ? index : index + offset);
#pragma unroll 4
      for (int r = 0; r < rows; ++r) to[r * inner] = sums[r * 32 + lane];
    }
  }
}

template <class T>
void add_owned_columns(const char* name, Stream stream, const Indexed& layout, std::int64_t count,
    bool shares, T* out, const T* g, const std::int64_t* index) {
  const bool one = layout.inner == 1;
  const std::int64_t groups = one ? layout.outer : (layout.outer * layout.inner + 31) / 32;
  if (groups == 0 || layout.size == 0) return;
  // As many rows as fit, but the reads of the index should cost no more than the writes of the result, and
  // all multiprocessors need work.
  const std::int64_t most = shared_bytes / static_cast<std::int64_t>(sizeof(T)) / (one ? 1 : 32);
  const std::int64_t busy = 16 * std::int64_t{tenon::cuda::multiprocessors(stream)};
  const std::int64_t parts = (busy + groups - 1) / groups;
  const std::int64_t rows =
      std::min({layout.size, std::clamp(3 * count, most / block_warps, most), (layout.size + parts - 1) / parts});
  const std::int64_t even = std::min((rows + 3) / 4 * 4, most);  // keeps ranges aligned for packs
  const std::int64_t warps = std::bit_floor(static_cast<std::uint64_t>(std::min<std::int64_t>(most / even, block_warps)));
  const Owned job{layout, count, (layout.size + even - 1) / even, static_cast<int>(even), shares};
  const auto run = [&](auto kernel) {
    launch({stream, name, {layout.outer, layout.size, layout.inner, count}}, kernel,
        blocks_for(stream, groups * job.ranges, warps), static_cast<int>(32 * warps), job, out, g, index);
  };
  if (!one) return run(add_owned<T, false, false>);
  with_bool(layout.size % pack_width<T> == 0 && is_aligned(out),
      [&](auto vec) { run(add_owned<T, true, vec>); });
}

// ---- otherwise the indices are sorted

constexpr int digits = 256;   // a thread per digit
constexpr unsigned long_run = 128;  // of positions of one row: too many for a team
constexpr unsigned piece = 2048;  // of the indices that a block sorts at a time

/// The positions of the indices, sorted by groups of rows, the positions of a group ascending. Group q is
/// `list` from starts[q] to starts[q + 1].
struct Sorted {
  uint2* list;  // row, position
  unsigned* starts;
  unsigned* table;  // [blocks, digits]: how often a digit occurs in the part of a block
};

/// The digit of an index, or -1 if the index is out of range.
__device__ inline int digit_of(std::int64_t row, std::int64_t size, int shift) {
  return row >= 0 && row < size ? static_cast<int>(row >> shift) : -1;
}

/// The sum of the values of the threads before this one.
__device__ inline unsigned sum_before(unsigned value) {
  SIMT_SHARED(sums, unsigned[block_warps]);
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  unsigned sum = value;
#pragma unroll
  for (unsigned d = 1; d < 32; d *= 2) {
    const unsigned other = __shfl_up_sync(all_lanes, sum, d);
    if (lane >= d) sum += other;
  }
  if (lane == 31) sums[warp] = sum;
  __syncthreads();
  for (unsigned before = 0; before < warp; ++before) sum += sums[before];
  return sum - value;
}

/// Each warp has a part of n items, a multiple of 32 of them. For each of its items, calls use(item) in all
/// lanes; items from n on do not exist.
template <class Use>
__device__ inline void each_of_warp(unsigned n, const Use& use) {
  const unsigned part = (n + block_threads - 1) / block_threads * 32, warp = threadIdx.x / 32;
  const unsigned first = warp * part, end = first + part < n ? first + part : n;
  for (unsigned at = first; at < end; at += 32) use(at + threadIdx.x % 32);
}

using Counters = unsigned[block_warps][digits];

__device__ inline void clear(Counters& counters) {
  for (int warp = 0; warp < block_warps; ++warp) counters[warp][threadIdx.x] = 0;
  __syncthreads();
}

/// Replaces the warps' counts of this thread's digit by where the warps' items with this digit begin.
__device__ inline void begin_at(Counters& counters, unsigned start) {
  for (int warp = 0; warp < block_warps; ++warp) {
    const unsigned here = counters[warp][threadIdx.x];
    counters[warp][threadIdx.x] = start;
    start += here;
  }
}

/// The place of the lane's item, behind the earlier ones with the same digit; undefined if digit is -1.
__device__ inline unsigned take_place(unsigned (&next)[digits], int digit) {
  const unsigned same = __match_any_sync(all_lanes, digit), before = same & ((1u << threadIdx.x % 32) - 1);
  const unsigned place = digit < 0 ? 0 : next[digit] + static_cast<unsigned>(__popc(before));
  __syncwarp();
  if (digit >= 0 && before == 0) next[digit] += static_cast<unsigned>(__popc(same));
  __syncwarp();
  return place;
}

/// The part of block `b` of `blocks`.
__device__ inline unsigned part_of(unsigned n, unsigned b) {
  return static_cast<unsigned>(std::uint64_t{n} * b / gridDim.x);
}

__global__ void __launch_bounds__(block_threads)
    count_digits(unsigned n, const std::int64_t* index, std::int64_t size, int shift, Sorted sorted) {
  SIMT_SHARED(count, unsigned[digits]);
  count[threadIdx.x] = 0;
  __syncthreads();
  const unsigned end = part_of(n, blockIdx.x + 1);
#pragma unroll 4
  for (unsigned at = part_of(n, blockIdx.x) + threadIdx.x; at < end; at += block_threads) {
    const int digit = digit_of(index[at], size, shift);
    if (digit >= 0) atomicAdd(&count[digit], 1u);
  }
  __syncthreads();
  sorted.table[blockIdx.x * digits + threadIdx.x] = count[threadIdx.x];
}

__global__ void __launch_bounds__(block_threads)
    sort_by_digit(unsigned n, const std::int64_t* index, std::int64_t size, int shift, Sorted sorted) {
  SIMT_SHARED(counters, Counters);
  const unsigned first = part_of(n, blockIdx.x), mine = part_of(n, blockIdx.x + 1) - first;
  const unsigned warp = threadIdx.x / 32;
  clear(counters);
  each_of_warp(mine, [&](unsigned at) {
    const int digit = at < mine ? digit_of(index[first + at], size, shift) : -1;
    if (digit >= 0) atomicAdd(&counters[warp][digit], 1u);
  });
  unsigned before = 0, total = 0;
#pragma unroll 8
  for (unsigned b = 0; b < gridDim.x; ++b) {
    const unsigned here = sorted.table[b * digits + threadIdx.x];
    if (b < blockIdx.x) before += here;
    total += here;
  }
  const unsigned start = sum_before(total);  // and all warps have counted
  if (blockIdx.x == 0) {
    sorted.starts[threadIdx.x] = start;
    if (threadIdx.x == digits - 1) sorted.starts[digits] = start + total;
  }
  begin_at(counters, start + before);
  __syncthreads();
  each_of_warp(mine, [&](unsigned at) {
    const std::int64_t row = at < mine ? index[first + at] : -1;
    const int digit = digit_of(row, size, shift);
    const unsigned place = take_place(counters[warp], digit);
    if (digit >= 0) sorted.list[place] = {static_cast<unsigned>(row), first + at};
  });
}

/// A block sorts the positions that belong to `rows` rows of the result. Then a team of `lanes` threads, each
/// with a pack of columns, adds some consecutive rows, for each of the block's tiles, which are `lanes` packs
/// of one outer position.
struct Summed {
  Indexed layout;
  std::int64_t units, parts, tiles, slices, packs;  // slices: tiles per outer position
  unsigned count;
  int rows, lanes, shift;  // powers of two; the group of a row is row >> shift
};

/// Adds the runs of the rows [row, end): their positions are order[starts[row]] to order[starts[end]]. With
/// Resumed the rows have sums, otherwise they begin with +0.
template <bool Resumed, class P>
__device__ inline void add_runs(const unsigned* order, const unsigned* starts, int row, int end, P* to,
    std::int64_t row_step, const P* from, std::int64_t position_step) {
  constexpr int ahead = 4, w = sizeof(P) / sizeof(P{}.v[0]);
  if (row >= end) return;
  unsigned at = starts[row], next = starts[row + 1];
  const unsigned last = starts[end];
  const auto begin = [&]() -> P { return Resumed && at < next ? to[row * row_step] : P{}; };
  unsigned run = at;
  P sum = begin();
  const auto finish = [&] {
    if (!Resumed || run < next) to[row * row_step] = sum;
    ++row, run = next;
  };
  while (at < last) {
    P x[ahead];
#pragma unroll
    for (int k = 0; k < ahead; ++k)
      if (at + k < last) x[k] = from[order[at + k] * position_step];
#pragma unroll
    for (int k = 0; k < ahead; ++k, ++at) {
      if (at >= last) break;
      while (at == next) {
        finish();
        next = starts[row + 1];
        sum = begin();
      }
#pragma unroll
      for (int c = 0; c < w; ++c) sum.v[c] = sum.v[c] + x[k].v[c];
    }
  }
  for (finish(); row < end; finish()) {
    next = run, sum = {};  // an empty run
  }
}

/// Adds one run of a row's column, many loads ahead.
template <class T>
__device__ inline void add_long_run(const unsigned* order, unsigned at, unsigned end, T* to, const T* from,
    std::int64_t position_step, bool is_resumed) {
  constexpr unsigned ahead = 64 / sizeof(T);
  T sum = is_resumed ? *to : T(0);
  for (; at < end; at += ahead) {
    T x[ahead];
#pragma unroll
    for (unsigned k = 0; k < ahead; ++k)
      if (at + k < end) x[k] = from[order[at + k] * position_step];
#pragma unroll
    for (unsigned k = 0; k < ahead; ++k)
      if (at + k < end) sum = sum + x[k];
  }
  *to = sum;
}

template <class T, int W, bool Long>
__global__ void __launch_bounds__(block_threads, Long ? 3 : 4) add_sorted(const __grid_constant__ Summed job, Pack<T, W>* out,
    const Pack<T, W>* g, const std::int64_t* index, Sorted sorted) {
  SIMT_SHARED(counters, Counters);
  SIMT_SHARED(starts, unsigned[digits + 1]);
  SIMT_SHARED(order, unsigned[piece]);
  SIMT_SHARED(long_rows, int[piece / long_run]);  // in no particular order
  SIMT_SHARED(long_row_count, unsigned);
  const auto [outer, size, inner] = job.layout;
  const int team = static_cast<int>(threadIdx.x) / job.lanes, lane = static_cast<int>(threadIdx.x) % job.lanes;
  const int each = (job.rows * job.lanes + block_threads - 1) / block_threads;  // rows of a team
  for (std::int64_t unit = blockIdx.x; unit < job.units * job.parts; unit += gridDim.x) {
    const std::int64_t low = unit / job.parts * job.rows, part = unit % job.parts;
    const int rows = static_cast<int>(low + job.rows < size ? job.rows : size - low);
    const std::int64_t tile = part * job.tiles / job.parts, tile_end = (part + 1) * job.tiles / job.parts;
    const unsigned first = sorted.list ? sorted.starts[low >> job.shift] : 0,
                   last = sorted.list ? sorted.starts[(low >> job.shift) + 1] : job.count;
    const int row = team * each < rows ? team * each : rows, end = row + each < rows ? row + each : rows;
    unsigned from = first;
    do {
      const unsigned n = last - from < piece ? last - from : piece;
      const auto item = [&](unsigned at) {  // row in this unit, position
        if (at >= n) return int2{-1, 0};
        const std::int64_t r = (sorted.list ? sorted.list[from + at].x : index[from + at]) - low;
        return int2{r >= 0 && r < rows ? static_cast<int>(r) : -1, static_cast<int>(sorted.list ? sorted.list[from + at].y : from + at)};
      };
      if (threadIdx.x == 0) long_row_count = 0;
      clear(counters);
      each_of_warp(n, [&](unsigned at) {
        const int r = item(at).x;
        if (r >= 0) atomicAdd(&counters[threadIdx.x / 32][r], 1u);
      });
      __syncthreads();
      unsigned total = 0;
      for (int warp = 0; warp < block_warps; ++warp) total += counters[warp][threadIdx.x];
      const unsigned start = sum_before(total);
      starts[threadIdx.x] = start;
      if (threadIdx.x == digits - 1) starts[digits] = start + total;
      if (Long && total >= long_run) long_rows[atomicAdd(&long_row_count, 1u)] = static_cast<int>(threadIdx.x);
      begin_at(counters, start);
      __syncthreads();
      each_of_warp(n, [&](unsigned at) {
        const int2 x = item(at);
        const unsigned place = take_place(counters[threadIdx.x / 32], x.x);
        if (x.x >= 0) order[place] = static_cast<unsigned>(x.y);
      });
      __syncthreads();
      const unsigned long_ones = long_row_count;
      std::int64_t o = tile / job.slices, slice = tile % job.slices;
      for (std::int64_t t = tile; t < tile_end; ++t) {
        const std::int64_t j = slice * job.lanes + lane;
        if (j < job.packs) {
          Pack<T, W>* const to = out + (o * size + low) * job.packs + j;
          const Pack<T, W>* const source = g + o * job.count * job.packs + j;
          for (int r = row, stop = end; r < end; r = stop + 1, stop = end) {
            for (unsigned k = 0; k < long_ones; ++k)
              if (long_rows[k] >= r && long_rows[k] < stop) stop = long_rows[k];
            if (from == first) add_runs<false>(order, starts, r, stop, to, job.packs, source, job.packs);
            else add_runs<true>(order, starts, r, stop, to, job.packs, source, job.packs);
          }
        }
        if constexpr (Long) {
        const int c = static_cast<int>(threadIdx.x);
        if (c < job.lanes * W && slice * job.lanes * W + c < inner) {
          const std::int64_t column = slice * job.lanes * W + c;
          for (unsigned k = 0; k < long_ones; ++k) {
            const int r = long_rows[k];
            add_long_run(order, starts[r], starts[r + 1], reinterpret_cast<T*>(out) + (o * size + low + r) * inner + column,
                reinterpret_cast<const T*>(g) + o * job.count * inner + column, inner, from != first);
          }
        }
        }
        if (++slice == job.slices) slice = 0, ++o;
      }
      __syncthreads();
      from += n;
    } while (from < last);
  }
}

template <class T>
void add_sorted_rows(Stream stream, const Indexed& layout, std::int64_t count, T* out, const T* g,
    const std::int64_t* index) {
  if (layout.outer * layout.size * layout.inner == 0) return;
  const std::int64_t sms = tenon::cuda::multiprocessors(stream);
  const auto n = static_cast<unsigned>(count);
  const bool presort = count > piece;
  const int bits = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(layout.size - 1)));
  const int shift = std::max(bits - 8, 0);
  const std::int64_t blocks = std::min((count + piece - 1) / piece, sms);
  const tenon::cuda::Scratch memory(
      stream, presort ? count * sizeof(uint2) + (digits + 1 + blocks * digits) * sizeof(unsigned) : 0);
  Sorted sorted{};
  if (presort) {
    sorted.list = memory.as<uint2>();
    sorted.table = reinterpret_cast<unsigned*>(sorted.list + count);
    sorted.starts = sorted.table + blocks * digits;
    launch({stream, "index_add", {count}}, count_digits, blocks, block_threads, n, index, layout.size, shift, sorted);
    launch({stream, "index_add", {count}}, sort_by_digit, blocks, block_threads, n, index, layout.size, shift, sorted);
  }
  constexpr int w = pack_width<T>;
  with_bool(layout.inner % w == 0 && is_aligned(out) && is_aligned(g), [&](auto vec) {
    constexpr int width = vec ? w : 1;
    Summed job{};
    job.layout = layout, job.count = n, job.shift = presort ? shift : 63;
    job.packs = layout.inner / width;
    job.lanes = static_cast<int>(std::bit_ceil(static_cast<std::uint64_t>(std::min<std::int64_t>(job.packs, 32))));
    job.slices = (job.packs + job.lanes - 1) / job.lanes;
    job.tiles = layout.outer * job.slices;
    const std::int64_t busy = 8 * sms;
    job.rows = std::min(digits, presort ? 1 << shift : digits);
    const auto units = [&] { return (layout.size + job.rows - 1) / job.rows; };
    while (!presort && job.rows > 8 && units() * job.tiles < busy) job.rows /= 2;
    job.units = units();
    job.parts = std::clamp<std::int64_t>(busy / job.units, 1, job.tiles);
    launch({stream, "index_add", {layout.outer, layout.size, layout.inner, count}}, candidate == 2 ? add_sorted<T, width, true> : add_sorted<T, width, false>,
        std::min(job.units * job.parts, 4 * busy), block_threads, job, reinterpret_cast<Pack<T, width>*>(out),
        reinterpret_cast<const Pack<T, width>*>(g), index, sorted);
  });
}

}  // namespace

void index_add(Stream stream, DType dtype, Indexed layout, void* out, const void* g,
    const std::int64_t* index, std::int64_t count) {
  if (candidate > 0)
    return visit_floating("index_add", dtype, [&]<class T>(std::type_identity<T>) {
      T* const to = static_cast<T*>(out);
      const T* const from = static_cast<const T*>(g);
      const std::int64_t sms = tenon::cuda::multiprocessors(stream);
      const bool sortable = layout.size <= most_items && count <= most_items;
      if (!sortable || (layout.inner == 1 && layout.outer >= 4 * sms))
        add_owned_columns("index_add", stream, layout, count, true, to, from, index);
      else add_sorted_rows(stream, layout, count, to, from, index);
    });
  const std::int64_t warps = 64 * std::int64_t{tenon::cuda::multiprocessors(stream)};
  const Walks job(layout, count, 32, warps);
  visit_floating("index_add", dtype, [&]<class T>(std::type_identity<T>) {
    launch({stream, "index_add", {layout.outer, layout.size, layout.inner, count}}, add_rows<T>,
        blocks_for(stream, (job.columns + 31) / 32 * job.parts, block_threads / 32), block_threads, job,
        static_cast<T*>(out), static_cast<const T*>(g), index);
  });
}

void gather_add(Stream stream, DType dtype, Indexed layout, void* out, const void* g,
    const std::int64_t* index, std::int64_t count) {
  if (candidate > 0)
    return visit_floating("gather_add", dtype, [&]<class T>(std::type_identity<T>) {
      add_owned_columns("gather_add", stream, layout, count, false, static_cast<T*>(out),
          static_cast<const T*>(g), index);
    });
  const std::int64_t threads = 2048 * std::int64_t{tenon::cuda::multiprocessors(stream)};
  const Walks job(layout, count, 1, threads);
  visit_floating("gather_add", dtype, [&]<class T>(std::type_identity<T>) {
    launch({stream, "gather_add", {layout.outer, layout.size, layout.inner, count}}, add_columns<T>,
        blocks_for(stream, job.columns * job.parts, block_threads), block_threads, job, static_cast<T*>(out),
        static_cast<const T*>(g), index);
  });
}


}  // namespace tenon::kernels::cuda
