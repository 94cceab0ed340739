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

/// Adds n elements from `start` on to the partial results of a group of `lanes` threads, of which lane l
/// holds l, l + lanes, l + 2 lanes, l + 3 lanes; Ahead elements are read before they are added.
template <class Op, int Ahead, class T, class From>
__device__ void add_elements(const Rows<T, From>& job, const From* a, const From* b, std::int64_t start,
    int n, int lanes, T (&acc)[4]) {
  constexpr bool two = Op::operands == 2;
  const auto add = [&]<bool Flat>(std::bool_constant<Flat>) {
    for (int r = static_cast<int>(threadIdx.x) & (lanes - 1); r < n; r += Ahead * lanes) {
      T x[Ahead], y[Ahead];
      fill_with_identity<Op>(x), fill_with_identity<Op>(y);
#pragma unroll
      for (int i = 0; i < Ahead; ++i) {
        const int q = r + i * lanes;
        if (q >= n) continue;
        std::int64_t at[2];
        job.reduced.template at<Flat>(static_cast<unsigned>(start) + static_cast<unsigned>(q), at);
        x[i] = static_cast<T>(a[at[0]]);
        if constexpr (two) y[i] = static_cast<T>(b[at[1]]);
      }
#pragma unroll
      for (int i = 0; i < Ahead; ++i) acc[i % 4] = into<Op>(acc[i % 4], x[i], y[i]);
    }
  };
  if (job.reduced.is_flat()) add(std::true_type());
  else add(std::false_type());
}

/// Adds n contiguous elements, at most a chunk, to the partial results 4l ... 4l+3 of lane l of a warp.
template <class Op, class T, class From>
__device__ void add_packs(const From* a, const From* b, int n, T (&acc)[4]) {
  constexpr bool two = Op::operands == 2;
  constexpr int ahead = (two ? 16 : 32) / static_cast<int>(sizeof(T)), stride = ahead * reduce_partials;
  const int lane = static_cast<int>(threadIdx.x) % warp_size * 4;
  const auto add = [&](int first, auto whole) {
    T x[ahead][4], y[ahead][4];
#pragma unroll
    for (int i = 0; i < ahead; ++i) {
      const int at = first + i * reduce_partials + lane, valid = decltype(whole)::value ? 4 : n - at;
      load4<true, true>(a + at, valid, x[i], arith::identity<Op, T>);
      if constexpr (two)
        load4<true>(b + at, valid, y[i], arith::identity<Op, T>);  // perhaps the same for all rows
      else fill_with_identity<Op>(y[i]);
    }
#pragma unroll
    for (int i = 0; i < ahead; ++i)
#pragma unroll
      for (int c = 0; c < 4; ++c) acc[c] = into<Op>(acc[c], x[i][c], y[i][c]);
  };
  if (n == reduce_chunk) {
#pragma unroll
    for (int r = 0; r < reduce_chunk; r += stride) add(r, std::true_type());
  } else {
    for (int r = 0; r < n; r += stride) add(r, std::false_type());
  }
}

/// Reduces one chunk by one warp; all lanes return its value.
template <class Op, bool Vec, class T, class From>
__device__ T chunk_value(const Rows<T, From>& job, const From* a, const From* b, std::int64_t chunk) {
  const std::int64_t start = chunk * reduce_chunk;
  const int n =
      chunk < job.length / reduce_chunk ? reduce_chunk : static_cast<int>(job.length % reduce_chunk);
  T acc[4];
  fill_with_identity<Op>(acc);
  if constexpr (Vec) {
    add_packs<Op>(a + start, b + start, n, acc);
    return warp_tree<Op>(acc);
  } else {
    add_elements<Op, 8>(job, a, b, start, n, warp_size, acc);
    return group_tree<Op>(acc);
  }
}

/// For outputs of at most 128 elements; `lanes` threads per output.
template <class Op, class T, class From>
__global__ void __launch_bounds__(block_threads)
    reduce_short(const __grid_constant__ Rows<T, From> job, int lanes) {
  const int groups = block_threads / lanes, group = static_cast<int>(threadIdx.x) / lanes;
  for (std::int64_t first = std::int64_t{blockIdx.x} * groups; first < job.outputs;
       first += std::int64_t{gridDim.x} * groups) {
    const std::int64_t o = first + group;
    T acc[4];
    fill_with_identity<Op>(acc);
    if (o < job.outputs) {
      std::int64_t at[2];
      job.kept.at(static_cast<unsigned>(o), at);
      add_elements<Op, 4>(job, job.a + at[0], job.b + at[1], 0, static_cast<int>(job.length), lanes, acc);
    }
    const T v = group_tree<Op>(acc, lanes);
    if (o < job.outputs && (threadIdx.x & static_cast<unsigned>(lanes - 1)) == 0)
      job.out[o] = job.last(arith::finish<Op>(v));
  }
}

/// The blocks of rows that a multiprocessor runs at once.
template <bool Vec, class T>
inline constexpr int row_blocks = Vec && sizeof(T) == 4 ? 4 : 3;

/// For outputs of up to 1024 chunks; a warp per output, which reduces the chunks' values as they come.
template <class Op, bool Vec, class T, class From>
__global__ void __launch_bounds__(block_threads, sizeof(T) == 4 ? row_blocks<Vec, T> : 2)
    reduce_rows(const __grid_constant__ Rows<T, From> job) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  for (std::int64_t o = std::int64_t{blockIdx.x} * reduce_warps + threadIdx.x / warp_size; o < job.outputs;
       o += std::int64_t{gridDim.x} * reduce_warps) {
    std::int64_t at[2];
    job.kept.at(static_cast<unsigned>(o), at);
    T upper[4];  // lane l holds l, l + 32, l + 64, l + 96
    fill_with_identity<Op>(upper);
    for (int c = 0; c < static_cast<int>(job.chunks); ++c) {
      const T v = chunk_value<Op, Vec>(job, job.a + at[0], job.b + at[1], c);
#pragma unroll
      for (int i = 0; i < 4; ++i)
        if (c % reduce_partials == i * warp_size + lane) upper[i] = combine<Op>(upper[i], v);
    }
    const T v = job.chunks > 1 ? group_tree<Op>(upper) : upper[0];
    if (lane == 0) job.out[o] = job.last(arith::finish<Op>(v));
  }
}

/// For few outputs of many chunks; `parts` blocks per output.
template <class Op, bool Vec, class T, class From>
__global__ void __launch_bounds__(block_threads, row_blocks<Vec, T>)
    reduce_long(const __grid_constant__ Rows<T, From> job) {
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
