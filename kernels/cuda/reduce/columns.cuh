// Reductions whose neighbouring outputs are neighbours in memory: a block reduces a tile of columns.
#pragma once
#include <tenon/kernels/cuda/reduce/job.cuh>

namespace tenon::kernels::cuda {

/// Output (o, j) reduces the rows r of a[kept(o) + r * a_row + j] and b[kept(o) + r * b_row + j * b_item].
template <class T, class From>
struct Columns : ReduceJob<T, From> {
  Offsets<2> kept;
  std::int64_t width, a_row, b_row, b_item;
};

/// How a block shares a tile: `Lanes` neighbouring threads have W columns each, and every `slots`-th of the
/// partial results, 128 or as many as there are rows, belongs to the same threads.
template <int W_, int Lanes_, int Partials_ = reduce_partials>
struct ColumnTile {
  static constexpr int W = W_, lanes = Lanes_, columns = W * lanes, partials = Partials_;
  static constexpr int slots = block_threads / lanes, own = partials / slots;
  static_assert(own % 2 == 0 && columns <= block_threads);
};

/// Shared memory: one partial result per slot and column.
template <class S, class T>
using Partials = T[S::slots][S::columns];

/// Reduces n rows, at most a chunk, in each column of a tile. read(there, x, y) is called for the rows slot,
/// slot + slots, ... and reads a thread's elements, [W], if the row is there. Thread t < columns returns the
/// value of column t.
template <class Op, class S, class T, class Read>
__device__ inline T column_chunk(Partials<S, T>& part, int n, const Read& read) {
  constexpr int W = S::W, own = S::own, slots = S::slots;
  // Rows in flight: a multiple or a divisor of the own partials.
  constexpr int most = W > 1 ? 8 : 64 / static_cast<int>(sizeof(T)) / Op::operands;
  constexpr int ahead = S::partials < reduce_partials ? own : most;
  constexpr int span = ahead > own ? ahead : own;
  const int slot = static_cast<int>(threadIdx.x) / S::lanes;
  T acc[own][W];
#pragma unroll
  for (int i = 0; i < own; ++i) fill_with_identity<Op>(acc[i]);
  const auto rows = [&](int first, auto whole) {
#pragma unroll
    for (int u = 0; u < span; u += ahead) {
      T x[ahead][W], y[ahead][W];
#pragma unroll
      for (int i = 0; i < ahead; ++i) {
        const int row = first + (u + i) * slots + slot;
        fill_with_identity<Op>(x[i]), fill_with_identity<Op>(y[i]);
        read(decltype(whole)::value || row < n, x[i], y[i]);
      }
#pragma unroll
      for (int i = 0; i < ahead; ++i)
#pragma unroll
        for (int c = 0; c < W; ++c) acc[(u + i) % own][c] = into<Op>(acc[(u + i) % own][c], x[i][c], y[i][c]);
    }
  };
  if (n == reduce_chunk)
#pragma unroll 1  // otherwise registers spill
    for (int r = 0; r < reduce_chunk; r += span * slots) rows(r, std::true_type{});
  else
    for (int r = 0; r < n; r += span * slots) rows(r, std::false_type{});
  const int at = static_cast<int>(threadIdx.x) % S::lanes * W;
#pragma unroll
  for (int c = 0; c < W; ++c) {
    T one[own];
#pragma unroll
    for (int i = 0; i < own; ++i) one[i] = acc[i][c];
    register_tree<Op, own / 2>(one);
    part[slot][at + c] = one[0];
  }
  __syncthreads();
  T v[slots];
#pragma unroll
  for (int s = 0; s < slots; ++s) v[s] = part[s][threadIdx.x % S::columns];
  register_tree<Op, slots / 2>(v);
  __syncthreads();  // before the numbers of the next chunk
  return v[0];
}

/// The blocks that a multiprocessor runs at once: as many as have room for their registers.
template <class Op, class T>
inline constexpr int column_blocks = Op::operands == 2 && sizeof(T) == 8 ? 2 : 3;

template <class Op, class S, class T, class From>
__global__ void __launch_bounds__(block_threads, column_blocks<Op, T>)
    reduce_columns(const __grid_constant__ Columns<T, From> job) {
  constexpr int W = S::W;
  SIMT_SHARED(part, Partials<S, T>);
  const std::int64_t tiles = (job.width + S::columns - 1) / S::columns;
  const unsigned parts = static_cast<unsigned>(job.parts), unit = blockIdx.x / parts;
  const std::int64_t o = unit / tiles, j0 = unit % tiles * S::columns;
  // Threads past the last column read that one, and do not write.
  const std::int64_t want = j0 + threadIdx.x % S::lanes * W, j = want < job.width ? want : job.width - W;
  const bool writes = threadIdx.x < S::columns && j0 + threadIdx.x < job.width;
  std::int64_t at[2];
  job.kept.at(static_cast<unsigned>(o), at);
  const int slot = static_cast<int>(threadIdx.x) / S::lanes;
  const From* const a = job.a + at[0] + j + slot * job.a_row;
  const From* const b = job.b + at[1] + j * job.b_item + slot * job.b_row;
  const std::int64_t a_step = S::slots * job.a_row, b_step = S::slots * job.b_row;
  T* const out = job.out + o * job.width + j0 + threadIdx.x;
  T* values = job.scratch + o * job.level_values * job.width + j0;  // [levels, width]: this tile
  for (std::int64_t c = blockIdx.x % parts; c < job.chunks; c += parts) {
    const std::int64_t start = c * reduce_chunk;
    const int n = static_cast<int>(job.length - start < reduce_chunk ? job.length - start : reduce_chunk);
    const From *pa = a + start * job.a_row, *pb = b + start * job.b_row;
    const T v = column_chunk<Op, S, T>(part, n, [&](bool there, T(&x)[W], T(&y)[W]) {
      if (there) {
        const auto pack = *reinterpret_cast<const Pack<From, W>*>(pa);
#pragma unroll
        for (int i = 0; i < W; ++i) x[i] = static_cast<T>(pack.v[i]);
        if constexpr (Op::operands == 2) {
          const T second = static_cast<T>(*pb);  // with W > 1 the same in all columns
#pragma unroll
          for (int i = 0; i < W; ++i) y[i] = second;
        }
      }
      pa += a_step;
      if constexpr (Op::operands == 2) pb += b_step;
    });
    if (job.chunks > 1 && writes) values[c * job.width + threadIdx.x] = v;
    else if (writes) *out = job.last(arith::finish<Op>(v));
  }
  if constexpr (S::partials == reduce_partials) {  // otherwise there is one chunk
    if (job.chunks == 1 || !is_last_block(job.tickets + unit, parts)) return;
    using Upper = typename Op::Combine;
    for (std::int64_t count = job.chunks; count > 1;) {
      const std::int64_t above = arith::reduce_chunks(count);
      for (std::int64_t c = 0; c < above; ++c) {
        const std::int64_t start = c * reduce_chunk;
        const int n = static_cast<int>(count - start < reduce_chunk ? count - start : reduce_chunk);
        const T* from = values + (start + slot) * job.width + (j - j0);
        const T v = column_chunk<Upper, S, T>(part, n, [&](bool there, T(&x)[W], T(&)[W]) {
#pragma unroll
          for (int i = 0; i < W; ++i)
            if (there) x[i] = __ldcg(from + i);
          from += S::slots * job.width;
        });
        if (above > 1 && writes) values[(count + c) * job.width + threadIdx.x] = v;
        else if (writes) *out = job.last(arith::finish<Op>(v));
      }
      __syncthreads();  // before the next level reads this one
      values += count * job.width;
      count = above;
    }
  }
}

}  // namespace tenon::kernels::cuda
