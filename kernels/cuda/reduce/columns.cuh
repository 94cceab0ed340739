// Reductions whose neighbouring outputs are neighbours in memory: a block reduces 32 columns.
#pragma once
#include <tenon/kernels/cuda/reduce/job.cuh>

namespace tenon::kernels::cuda {

/// Output (o, j) reduces the rows r of a[kept(o) + r * a_row + j] and b[kept(o) + r * b_row + j * b_item].
template <class T, class From>
struct Columns : ReduceJob<T, From> {
  Offsets<2> kept;
  std::int64_t width, a_row, b_row, b_item;
};

/// Shared memory: one partial result per warp and column.
template <class T>
using Partials = T[reduce_warps][warp_size];

/// Reduces chunk `chunk` of `count` rows in each lane's column; into_row(row, acc) adds the element of a row
/// to a partial result. Warp w holds the partial results w, w + 8, ... and computes the halving tree down to
/// h = 8.
template <class Op, class T, class Into>
__device__ inline T column_chunk(
    Partials<T>& part, std::int64_t count, std::int64_t chunk, bool has_column, const Into& into_row) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size,
            warp = static_cast<int>(threadIdx.x) / warp_size;
  const std::int64_t start = chunk * reduce_chunk;
  const int n = static_cast<int>(count - start < reduce_chunk ? count - start : reduce_chunk);
  constexpr int own = reduce_partials / reduce_warps;
  T acc[own];
  fill_with_identity<Op>(acc);
  for (int r = warp; r < n; r += reduce_partials)
#pragma unroll
    for (int i = 0; i < own; ++i) {
      const int q = r + i * reduce_warps;
      if (q < n && has_column) acc[i] = into_row(start + q, acc[i]);
    }
  register_tree<Op, own / 2>(acc);
  part[warp][lane] = acc[0];
  __syncthreads();
  T v[reduce_warps];
#pragma unroll
  for (int w = 0; w < reduce_warps; ++w) v[w] = part[w][lane];
  register_tree<Op, reduce_warps / 2>(v);
  __syncthreads();  // before the numbers of the next chunk
  return v[0];
}

template <class Op, class T, class From>
__global__ void __launch_bounds__(block_threads, 1)
    reduce_columns(const __grid_constant__ Columns<T, From> job) {
  SIMT_SHARED(part, Partials<T>);
  const std::int64_t tiles = (job.width + warp_size - 1) / warp_size;
  const unsigned parts = static_cast<unsigned>(job.parts), unit = blockIdx.x / parts;
  const std::int64_t o = unit / tiles, j = unit % tiles * warp_size + threadIdx.x % warp_size;
  const bool has_column = j < job.width, writes = has_column && threadIdx.x < warp_size;
  std::int64_t at[2];
  job.kept.at(static_cast<unsigned>(o), at);
  const From* const a = job.a + at[0] + j;
  const From* const b = job.b + at[1] + j * job.b_item;
  T* const out = job.out + o * job.width + j;
  T* values = job.scratch + o * job.level_values * job.width + j;  // [levels, width]: this column
  for (std::int64_t c = blockIdx.x % parts; c < job.chunks; c += parts) {
    const T v = column_chunk<Op>(part, job.length, c, has_column, [&](std::int64_t row, T acc) {
      const T x = static_cast<T>(a[row * job.a_row]);
      if constexpr (Op::operands == 1) return into<Op>(acc, x, x);
      else return into<Op>(acc, x, static_cast<T>(b[row * job.b_row]));
    });
    if (job.chunks > 1 && writes) values[c * job.width] = v;
    else if (writes) *out = job.last(arith::finish<Op>(v));
  }
  if (job.chunks == 1 || !is_last_block(job.tickets + unit, parts)) return;
  for (std::int64_t count = job.chunks; count > 1;) {
    const std::int64_t above = arith::reduce_chunks(count);
    for (std::int64_t c = 0; c < above; ++c) {
      const T v = column_chunk<Op>(part, count, c, has_column,
          [&](std::int64_t row, T acc) { return combine<Op>(acc, __ldcg(values + row * job.width)); });
      if (above > 1 && writes) values[(count + c) * job.width] = v;
      else if (writes) *out = job.last(arith::finish<Op>(v));
    }
    __syncthreads();  // before the next level reads this one
    values += count * job.width;
    count = above;
  }
}

}  // namespace tenon::kernels::cuda
