// The gradient of index_select: the positions are sorted by row, and then each row of the result is the sum
// of its run of positions, whose loads are in flight together.
//
// A block sums up to 256 rows. It sorts up to 2048 positions at a time, by counting; with more indices than
// that, two kernels sort all of them by groups of rows first. Threads read 16 bytes of a position at once.
// Memory limits the sums; a row with many positions, such as that of a padding, is limited by the latency of
// its chain, for which the whole block loads.
#include <bit>

#include <tenon/kernels/cuda/offsets.h>
#include <tenon/kernels/cuda/index_add.cuh>

namespace tenon::kernels::cuda {
namespace {

constexpr int digits = 256;  // a thread per digit
static_assert(digits == block_threads);
constexpr unsigned piece = 2048;     // of the positions that a block sorts at a time
constexpr unsigned long_run = 128;   // of positions of one row: too many for a team
constexpr unsigned stage_packs = 4;  // per thread, of a long run

// ---- sorting

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

/// How often each warp's items have a digit, and later the place of its next item with this digit.
using Counters = unsigned[block_warps][digits];

/// Clears this thread's digit.
__device__ inline void clear(Counters& counters) {
#pragma unroll
  for (int warp = 0; warp < block_warps; ++warp) counters[warp][threadIdx.x] = 0;
}

__device__ inline unsigned total(const Counters& counters) {
  unsigned sum = 0;
#pragma unroll
  for (int warp = 0; warp < block_warps; ++warp) sum += counters[warp][threadIdx.x];
  return sum;
}

/// Replaces the counts of this thread's digit by the places where the warps' items begin.
__device__ inline void begin_at(Counters& counters, unsigned start) {
#pragma unroll
  for (int warp = 0; warp < block_warps; ++warp) {
    const unsigned here = counters[warp][threadIdx.x];
    counters[warp][threadIdx.x] = start;
    start += here;
  }
}

/// The place of the lane's item, behind the warp's earlier ones with the same digit; undefined if digit is
/// -1.
__device__ inline unsigned take_place(unsigned (&next)[digits], int digit) {
  const unsigned alike = lanes_alike(digit), before = alike & ((1u << threadIdx.x % 32) - 1);
  const unsigned place = digit < 0 ? 0 : next[digit] + static_cast<unsigned>(__popc(before));
  __syncwarp();
  if (digit >= 0 && before == 0) next[digit] += static_cast<unsigned>(__popc(alike));
  __syncwarp();
  return place;
}

/// The positions of all valid indices, sorted by groups of rows, those of a group ascending. Group q, of the
/// rows whose number shifted by `shift` is q, is `list` from starts[q] to starts[q + 1].
struct Sorted {
  std::int64_t* list;  // row << 32 | position; null if the indices are so few that they are not sorted before
  unsigned* starts;
  unsigned* table;  // [blocks, digits]: how often a digit occurs in the part of a block
  int shift;
};

/// The group of an index, or -1 if the index is out of range.
__device__ inline int group_of(std::int64_t index, std::int64_t size, int shift) {
  return index >= 0 && index < size ? static_cast<int>(index >> shift) : -1;
}

/// The first item of block `b`.
__device__ inline unsigned part_of(unsigned n, unsigned b) {
  return static_cast<unsigned>(std::uint64_t{n} * b / gridDim.x);
}

/// Each warp has a part of n items, a multiple of 32 of them. Calls use(i, items[i]) in all lanes for each of
/// them, with several loads in flight; for i from n on the item is -1.
template <class Use>
__device__ inline void each_of_warp(unsigned n, const std::int64_t* items, const Use& use) {
  constexpr int ahead = 4;
  const unsigned part = (n + block_threads - 1) / block_threads * 32, lane = threadIdx.x % 32;
  const unsigned first = threadIdx.x / 32 * part, end = first + part < n ? first + part : n;
  for (unsigned at = first; at < end; at += 32 * ahead) {
    std::int64_t x[ahead];
#pragma unroll
    for (int k = 0; k < ahead; ++k) {
      const unsigned i = at + 32 * k + lane;
      x[k] = i < n ? items[i] : -1;
    }
#pragma unroll
    for (int k = 0; k < ahead; ++k) {
      if (at + 32 * k >= end) break;
      use(at + 32 * k + lane, x[k]);
    }
  }
}

__global__ void __launch_bounds__(block_threads)
    count_groups(unsigned n, const std::int64_t* index, std::int64_t size, Sorted sorted) {
  SIMT_SHARED(count, unsigned[digits]);
  count[threadIdx.x] = 0;
  __syncthreads();
  const unsigned first = part_of(n, blockIdx.x), mine = part_of(n, blockIdx.x + 1) - first;
  each_of_warp(mine, index + first, [&](unsigned, std::int64_t row) {
    const int group = group_of(row, size, sorted.shift);
    if (group >= 0) atomicAdd(&count[group], 1u);
  });
  __syncthreads();
  sorted.table[blockIdx.x * digits + threadIdx.x] = count[threadIdx.x];
}

__global__ void __launch_bounds__(block_threads)
    sort_by_group(unsigned n, const std::int64_t* index, std::int64_t size, Sorted sorted) {
  SIMT_SHARED(counters, Counters);
  const unsigned first = part_of(n, blockIdx.x), mine = part_of(n, blockIdx.x + 1) - first;
  const unsigned warp = threadIdx.x / 32;
  clear(counters);
  __syncthreads();
  each_of_warp(mine, index + first, [&](unsigned, std::int64_t row) {
    const int group = group_of(row, size, sorted.shift);
    if (group >= 0) atomicAdd(&counters[warp][group], 1u);
  });
  unsigned before = 0, all = 0;
#pragma unroll 8
  for (unsigned b = 0; b < gridDim.x; ++b) {
    const unsigned here = sorted.table[b * digits + threadIdx.x];
    if (b < blockIdx.x) before += here;
    all += here;
  }
  const unsigned start = sum_before(all);  // and all warps have counted
  if (blockIdx.x == 0) {
    sorted.starts[threadIdx.x] = start;
    if (threadIdx.x == digits - 1) sorted.starts[digits] = start + all;
  }
  begin_at(counters, start + before);
  __syncthreads();
  each_of_warp(mine, index + first, [&](unsigned i, std::int64_t row) {
    const int group = group_of(row, size, sorted.shift);
    const unsigned place = take_place(counters[warp], group);
    if (group >= 0) sorted.list[place] = row << 32 | (first + i);
  });
}

// ---- sums

/// A block has `rows` rows of the result for some tiles. A tile is `lanes` packs of one outer position; a
/// team of as many threads adds a few consecutive rows of it.
struct Summed {
  Indexed layout;
  std::int64_t tiles, slices, packs;  // slices: tiles per outer position
  int units, parts;                   // of the rows, and of the tiles
  unsigned count;
  int rows, lanes;  // powers of two
};

/// Sorted positions of a block's rows: those of row r are order[starts[r]] to order[starts[r + 1]].
struct Runs {
  unsigned order[piece];
  unsigned starts[digits + 1];
  unsigned long_rows[block_warps];  // a bit per row
};

/// Sorts n <= piece positions; read(i, item, position) returns the row of an item, or -1, and its position.
template <class Read>
__device__ inline void sort_piece(
    unsigned n, const std::int64_t* items, const Read& read, Counters& counters, Runs& runs) {
  const unsigned warp = threadIdx.x / 32;
  unsigned position;
  clear(counters);
  __syncthreads();
  each_of_warp(n, items, [&](unsigned i, std::int64_t item) {
    const int row = read(i, item, position);
    if (row >= 0) atomicAdd(&counters[warp][row], 1u);
  });
  __syncthreads();
  const unsigned run = total(counters), start = sum_before(run);
  runs.starts[threadIdx.x] = start;
  if (threadIdx.x == digits - 1) runs.starts[digits] = start + run;
  const unsigned is_long = __ballot_sync(all_lanes, run >= long_run);
  if (threadIdx.x % 32 == 0) runs.long_rows[warp] = is_long;
  begin_at(counters, start);
  __syncthreads();
  each_of_warp(n, items, [&](unsigned i, std::int64_t item) {
    const int row = read(i, item, position);
    const unsigned place = take_place(counters[warp], row);
    if (row >= 0) runs.order[place] = position;
  });
  __syncthreads();
}

/// Adds the runs of rows [row, end), whose elements are to[row * step] and from[position * step]. Rows that
/// are `resumed` have sums from earlier pieces; otherwise all of them begin with +0.
template <class P>
__device__ inline void add_runs(
    const Runs& runs, int row, int end, bool resumed, P* to, const P* from, std::int64_t step) {
  constexpr int ahead = 4, w = sizeof(P) / sizeof(P{}.v[0]);
  if (row >= end) return;
  unsigned at = runs.starts[row], run = at, next = runs.starts[row + 1];
  const unsigned last = runs.starts[end];
  P sum = resumed && at < next ? to[row * step] : P{};
  const auto finish = [&] {
    if (!resumed || run < next) to[row * step] = sum;
    ++row, run = next;
  };
  while (at < last) {
    P x[ahead];
#pragma unroll
    for (int k = 0; k < ahead; ++k)
      if (at + k < last) x[k] = from[runs.order[at + k] * step];
#pragma unroll
    for (int k = 0; k < ahead; ++k, ++at) {
      if (at >= last) break;
      while (at == next) {
        finish();
        next = runs.starts[row + 1];
        sum = resumed && at < next ? to[row * step] : P{};
      }
#pragma unroll
      for (int c = 0; c < w; ++c) sum.v[c] = sum.v[c] + x[k].v[c];
    }
  }
  for (finish(); row < end; finish()) sum = {}, next = run;  // empty runs
}

/// Adds the run of one row with the whole block. Teams load positions of it, with the next ones in flight
/// while each element of the tile is summed by one thread. The tile has `packs` packs; `to` and `from` are at
/// its first one, of the row and of position 0.
template <class T, int W>
__device__ inline void add_long_run(const Runs& runs, int row, int lanes, int packs, bool resumed,
    Pack<T, W>* stage, Pack<T, W>* to, const Pack<T, W>* from, std::int64_t step) {
  using P = Pack<T, W>;
  const int thread = static_cast<int>(threadIdx.x), team = thread / lanes, lane = thread % lanes;
  const unsigned teams = block_threads / lanes, end = runs.starts[row + 1];
  const bool adds = thread < packs * W;
  T* const element = reinterpret_cast<T*>(to) + thread;
  T sum = adds && resumed ? *element : T(0);
  P x[stage_packs];
  const auto load = [&](unsigned at) {
#pragma unroll
    for (unsigned k = 0; k < stage_packs; ++k) {
      const unsigned i = at + k * teams + team;
      x[k] = i < end && lane < packs ? from[runs.order[i] * step + lane] : P{};
    }
  };
  unsigned at = runs.starts[row];
  load(at);
  for (; at < end; at += stage_packs * teams) {
    __syncthreads();  // the stage has been read
#pragma unroll
    for (unsigned k = 0; k < stage_packs; ++k) stage[k * block_threads + thread] = x[k];
    __syncthreads();
    load(at + stage_packs * teams);
    const unsigned n = end - at < stage_packs * teams ? end - at : stage_packs * teams;
    if (!adds) continue;
    const T* const values = reinterpret_cast<const T*>(stage) + thread;
#pragma unroll(64 / sizeof(T))
    for (unsigned i = 0; i < n; ++i) sum = sum + values[i * lanes * W];
  }
  if (adds) *element = sum;
}

/// Counters are needed until the positions are sorted, and the stage from then on.
template <class P>
union Space {
  Counters counters;
  P stage[stage_packs * block_threads];
};

template <class T, int W>
__global__ void __launch_bounds__(block_threads, sizeof(T) == 4 ? 4 : 3)
    add_sorted(const __grid_constant__ Summed job, const __grid_constant__ Sorted sorted, Pack<T, W>* out,
        const Pack<T, W>* g, const std::int64_t* index) {
  SIMT_SHARED(runs, Runs);
  SIMT_SHARED(space, Space<Pack<T, W>>);
  const int team = static_cast<int>(threadIdx.x) / job.lanes,
            lane = static_cast<int>(threadIdx.x) % job.lanes;
  const int each = (job.rows * job.lanes + block_threads - 1) / block_threads;  // rows of a team, at most 32
  for (int unit = static_cast<int>(blockIdx.x); unit < job.units * job.parts;
       unit += static_cast<int>(gridDim.x)) {
    const int low = unit / job.parts * job.rows, part = unit % job.parts;
    const int size = static_cast<int>(job.layout.size), rows = size - low < job.rows ? size - low : job.rows;
    const int first_row = team * each < rows ? team * each : rows,
              end = first_row + each < rows ? first_row + each : rows;
    const std::int64_t tile = part * job.tiles / job.parts, tile_end = (part + 1) * job.tiles / job.parts;
    unsigned from = sorted.list ? sorted.starts[low >> sorted.shift] : 0;
    const unsigned last = sorted.list ? sorted.starts[(low >> sorted.shift) + 1] : job.count;
    bool resumed = false;
    do {  // once even if there are no positions, for the zeros
      const unsigned n = last - from < piece ? last - from : piece;
      const auto read = [&](unsigned i, std::int64_t item, unsigned& position) {
        position = sorted.list ? static_cast<unsigned>(item) : from + i;
        return row_in(sorted.list ? item >> 32 : item, low, rows);
      };
      sort_piece(n, (sorted.list ? sorted.list : index) + from, read, space.counters, runs);
      std::int64_t o = tile / job.slices, slice = tile % job.slices;
      for (std::int64_t t = tile; t < tile_end; ++t) {
        const std::int64_t j = slice * job.lanes, left = job.packs - j;
        const int packs = static_cast<int>(left < job.lanes ? left : job.lanes);
        Pack<T, W>* const to = out + (o * job.layout.size + low) * job.packs + j;
        const Pack<T, W>* const source = g + o * job.count * job.packs + j;
        for (int row = first_row; row < end;) {
          // All of the team's rows are in one word.
          const unsigned long_ones = runs.long_rows[row / 32] >> row % 32;
          const int next_long = row + (long_ones != 0 ? __ffs(static_cast<int>(long_ones)) - 1 : 32);
          const int stop = next_long < end ? next_long : end;
          if (lane < packs) add_runs(runs, row, stop, resumed, to + lane, source + lane, job.packs);
          row = stop + 1;
        }
        for (int word = 0; word < block_warps; ++word)
          for (unsigned rest = runs.long_rows[word]; rest != 0; rest &= rest - 1) {
            const int row = word * 32 + __ffs(static_cast<int>(rest)) - 1;
            add_long_run<T, W>(
                runs, row, job.lanes, packs, resumed, space.stage, to + row * job.packs, source, job.packs);
          }
        if (++slice == job.slices) slice = 0, ++o;
      }
      __syncthreads();
      from += n, resumed = true;
    } while (from < last);
  }
}

/// The numbers of positions and rows fit 31 bits.
template <class T>
void add_sorted_rows(
    Stream stream, const Indexed& layout, std::int64_t count, T* out, const T* g, const std::int64_t* index) {
  if (layout.outer * layout.size * layout.inner == 0) return;
  const std::int64_t sms = tenon::cuda::multiprocessors(stream), busy = 8 * sms;
  const auto n = static_cast<unsigned>(count);
  const bool by_groups = count > piece;
  const int bits = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(layout.size - 1)));
  const std::int64_t blocks = std::min((count + piece - 1) / piece, sms);
  const tenon::cuda::Scratch memory(stream,
      by_groups ? count * sizeof(std::int64_t) + (digits + 1 + blocks * digits) * sizeof(unsigned) : 0);
  Sorted sorted{};
  if (by_groups) {
    sorted.shift = std::max(bits - 8, 0);
    sorted.list = memory.as<std::int64_t>();
    sorted.table = reinterpret_cast<unsigned*>(sorted.list + count);
    sorted.starts = sorted.table + blocks * digits;
    launch(
        {stream, "index_add", {count}}, count_groups, blocks, block_threads, n, index, layout.size, sorted);
    launch(
        {stream, "index_add", {count}}, sort_by_group, blocks, block_threads, n, index, layout.size, sorted);
  }
  constexpr int w = pack_width<T>;
  with_bool(layout.inner % w == 0 && is_aligned(out) && is_aligned(g), [&](auto vec) {
    constexpr int width = vec ? w : 1;
    Summed job{};
    job.layout = layout, job.count = n;
    job.packs = layout.inner / width;
    job.lanes =
        static_cast<int>(std::bit_ceil(static_cast<std::uint64_t>(std::min<std::int64_t>(job.packs, 32))));
    job.slices = (job.packs + job.lanes - 1) / job.lanes;
    job.tiles = layout.outer * job.slices;
    // All rows of a unit are of one group. Without groups each unit reads all indices, but the device is
    // busy.
    job.rows = by_groups ? std::min(digits, 1 << sorted.shift) : digits;
    const auto units = [&] { return (layout.size + job.rows - 1) / job.rows; };
    while (!by_groups && job.rows > 8 && units() * job.tiles < busy) job.rows /= 2;
    job.units = static_cast<int>(units());
    job.parts = static_cast<int>(std::clamp<std::int64_t>(busy / job.units, 1, job.tiles));
    launch({stream, "index_add", {layout.outer, layout.size, layout.inner, count}}, add_sorted<T, width>,
        std::min<std::int64_t>(job.units * job.parts, 4 * busy), block_threads, job, sorted,
        reinterpret_cast<Pack<T, width>*>(out), reinterpret_cast<const Pack<T, width>*>(g), index);
  });
}

}  // namespace

void index_add(Stream stream, DType dtype, Indexed layout, void* out, const void* g,
    const std::int64_t* index, std::int64_t count) {
  visit_floating("index_add", dtype, [&]<class T>(std::type_identity<T>) {
    T* const to = static_cast<T*>(out);
    const T* const from = static_cast<const T*>(g);
    // Many single columns are summed by a warp each, without sorting.
    const std::int64_t many = 4 * std::int64_t{tenon::cuda::multiprocessors(stream)};
    if ((layout.inner == 1 && layout.outer >= many) || layout.size > most_items || count > most_items)
      add_in_shared("index_add", stream, layout, count, true, to, from, index);
    else add_sorted_rows(stream, layout, count, to, from, index);
  });
}

}  // namespace tenon::kernels::cuda
