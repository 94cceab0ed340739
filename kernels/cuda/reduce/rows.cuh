// Reductions, one output at a time: each chunk is reduced by a warp.
#pragma once
#include <tenon/kernels/cuda/reduce/job.cuh>

namespace tenon::kernels::cuda {

/// `kept` finds the first element of an output, `reduced` the others. With Vec the reduced elements are
/// contiguous in a and b, and the first element of every output is aligned.
template <class T, class From>
struct Rows : ReduceJob<T, From> {
  Offsets<2> kept, reduced;
};

/// Reduces one chunk by one warp; all lanes return its value.
template <class Op, bool Vec, class T, class From>
__device__ T chunk_value(const Rows<T, From>& job, const From* a, const From* b, std::int64_t chunk) {
  constexpr bool two = Op::operands == 2;
  const std::int64_t start = chunk * reduce_chunk;
  const int n = static_cast<int>(job.length - start < reduce_chunk ? job.length - start : reduce_chunk);
  const int lane = static_cast<int>(threadIdx.x) % warp_size * 4;
  T acc[4];
  fill_with_identity<Op>(acc);
  if constexpr (Vec) {
    if (n == reduce_chunk) {  // many loads in flight before the first one is used
      constexpr int ahead = 32 / static_cast<int>(sizeof(T));
#pragma unroll
      for (int r = 0; r < reduce_chunk / reduce_partials; r += ahead) {
        T x[ahead][4], y[ahead][4] = {};
#pragma unroll
        for (int i = 0; i < ahead; ++i) {
          load4<Vec>(a + start + (r + i) * reduce_partials + lane, 4, x[i]);
          if constexpr (two) load4<Vec>(b + start + (r + i) * reduce_partials + lane, 4, y[i]);
        }
#pragma unroll
        for (int i = 0; i < ahead; ++i)
#pragma unroll
          for (int c = 0; c < 4; ++c) acc[c] = into<Op>(acc[c], x[i][c], y[i][c]);
      }
      return warp_tree<Op>(acc);
    }
  }
  for (int q = lane; q < n; q += reduce_partials) {
    T x[4], y[4];
    fill_with_identity<Op>(x), fill_with_identity<Op>(y);
    if constexpr (Vec) {
      load4<Vec>(a + start + q, n - q, x, arith::identity<Op, T>);
      if constexpr (two) load4<Vec>(b + start + q, n - q, y, arith::identity<Op, T>);
    } else {
#pragma unroll
      for (int c = 0; c < 4; ++c) {
        if (q + c >= n) continue;
        std::int64_t at[2];
        job.reduced.at(static_cast<unsigned>(start) + static_cast<unsigned>(q + c), at);
        x[c] = static_cast<T>(a[at[0]]);
        if constexpr (two) y[c] = static_cast<T>(b[at[1]]);
      }
    }
#pragma unroll
    for (int c = 0; c < 4; ++c) acc[c] = into<Op>(acc[c], x[c], y[c]);
  }
  return warp_tree<Op>(acc);
}

/// For outputs of one chunk; one warp per output.
template <class Op, bool Vec, class T, class From>
__global__ void __launch_bounds__(block_threads) reduce_short(const __grid_constant__ Rows<T, From> job) {
  for (std::int64_t o = std::int64_t{blockIdx.x} * reduce_warps + threadIdx.x / warp_size; o < job.outputs;
       o += std::int64_t{gridDim.x} * reduce_warps) {
    std::int64_t at[2];
    job.kept.at(static_cast<unsigned>(o), at);
    const T v = chunk_value<Op, Vec>(job, job.a + at[0], job.b + at[1], 0);
    if (threadIdx.x % warp_size == 0) job.out[o] = job.last(arith::finish<Op>(v));
  }
}

/// For outputs of many chunks; `parts` blocks per output.
template <class Op, bool Vec, class T, class From>
__global__ void __launch_bounds__(block_threads, 1) reduce_long(const __grid_constant__ Rows<T, From> job) {
  const unsigned parts = static_cast<unsigned>(job.parts), part = blockIdx.x % parts, o = blockIdx.x / parts;
  T* const values = job.scratch + o * job.level_values;
  std::int64_t at[2];
  job.kept.at(o, at);
  for (std::int64_t c = std::int64_t{part} * reduce_warps + threadIdx.x / warp_size; c < job.chunks;
       c += std::int64_t{parts} * reduce_warps) {
    const T v = chunk_value<Op, Vec>(job, job.a + at[0], job.b + at[1], c);
    if (threadIdx.x % warp_size == 0) values[c] = v;
  }
  if (!is_last_block(job.tickets + o, parts)) return;
  const T sum = upper_levels<Op>(values, job.chunks);
  if (threadIdx.x == 0) job.out[o] = job.last(sum);
}

}  // namespace tenon::kernels::cuda
