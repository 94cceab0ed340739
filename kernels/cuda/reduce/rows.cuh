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

/// The partial results of a chunk of n elements, all of which a group of `lanes` threads reads one at a time:
/// lane l holds l, l + lanes, l + 2 lanes, l + 3 lanes.
template <class Op, class T, class From>
__device__ void add_elements(const Rows<T, From>& job, const From* a, const From* b, std::int64_t start, int n,
    int lanes, T (&acc)[4]) {
  constexpr bool two = Op::operands == 2;
  for (int r = static_cast<int>(threadIdx.x) & (lanes - 1); r < n; r += 4 * lanes) {
    T x[4], y[4];
    fill_with_identity<Op>(x), fill_with_identity<Op>(y);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int q = r + i * lanes;
      if (q >= n) continue;
      std::int64_t at[2];
      job.reduced.at(static_cast<unsigned>(start) + static_cast<unsigned>(q), at);
      x[i] = static_cast<T>(a[at[0]]);
      if constexpr (two) y[i] = static_cast<T>(b[at[1]]);
    }
#pragma unroll
    for (int i = 0; i < 4; ++i) acc[i] = into<Op>(acc[i], x[i], y[i]);
  }
}

/// Elements on their way to a lane, four of each operand per step of 128: `Ahead` steps.
template <class Op, int Ahead, bool Once, class T, class From>
struct InFlight {
  static constexpr bool two = Op::operands == 2;
  T x[Ahead][4], y[two ? Ahead : 1][4];

  /// Reads this lane's elements from a and b on, of which `left` exist.
  template <bool Whole>
  __device__ void fetch(const From* a, const From* b, int left = 0) {
#pragma unroll
    for (int i = 0; i < Ahead; ++i) {
      const int valid = Whole ? 4 : left - i * reduce_partials;
      load4_aligned<Once>(a + i * reduce_partials, valid, x[i], arith::identity<Op, T>);
      if constexpr (two) load4<true>(b + i * reduce_partials, valid, y[i], arith::identity<Op, T>);
    }
  }

  __device__ void add(T (&acc)[4]) const {
#pragma unroll
    for (int i = 0; i < Ahead; ++i)
#pragma unroll
      for (int c = 0; c < 4; ++c) acc[c] = into<Op>(acc[c], x[i][c], y[two ? i : 0][c]);
  }
};

/// Reduces the chunks first, first + step, ... of an output by one warp and calls use(chunk, value) in all
/// lanes.
template <class Op, bool Vec, int Ahead, int Way, class T, class From, class Use>
__device__ void for_chunks(const Rows<T, From>& job, const From* a, const From* b, std::int64_t first,
    std::int64_t step, const Use& use) {
  std::int64_t c = first;
  if constexpr (Vec) {
    constexpr int steps = reduce_chunk / reduce_partials, stride = Ahead * reduce_partials;
    static_assert(steps % Ahead == 0);
    const int lane = static_cast<int>(threadIdx.x) % warp_size * 4;
    const std::int64_t whole = job.length / reduce_chunk, next = step * reduce_chunk - (reduce_chunk - stride);
    a += c * reduce_chunk + lane;
    b += c * reduce_chunk + lane;
    InFlight<Op, Ahead, Way == 2, T, From> in;
    // With Way 1 the next chunk is under way while this one goes through its tree.
    const auto rest = [&](bool more) {
      T acc[4];
      fill_with_identity<Op>(acc);
#pragma unroll
      for (int r = 0; r < steps; r += Ahead) {
        in.add(acc);
        const bool same = r + Ahead < steps;
        a += same ? stride : next;
        b += same ? stride : next;
        if (same || more) in.template fetch<true>(a, b);
      }
      use(c, warp_tree<Op>(acc));
      c += step;
    };
    if constexpr (Way == 1) {
      if (c < whole) {
        in.template fetch<true>(a, b);
        while (c + step < whole) rest(true);
        rest(false);
      }
    } else {
      while (c < whole) {
        in.template fetch<true>(a, b);
        rest(false);
      }
    }
    if (c < job.chunks) {
      T acc[4];
      fill_with_identity<Op>(acc);
      const int n = static_cast<int>(job.length - c * reduce_chunk);
      for (int r = 0; r < n; r += stride) {
        in.template fetch<false>(a + r, b + r, n - r - lane);
        in.add(acc);
      }
      use(c, warp_tree<Op>(acc));
    }
  } else {
    for (; c < job.chunks; c += step) {
      const std::int64_t start = c * reduce_chunk;
      const int n = static_cast<int>(job.length - start < reduce_chunk ? job.length - start : reduce_chunk);
      T acc[4];
      fill_with_identity<Op>(acc);
      add_elements<Op>(job, a, b, start, n, warp_size, acc);
      use(c, group_tree<Op>(acc));
    }
  }
}

/// For outputs shorter than a warp's 128 partials: a group of `lanes` threads per output.
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
      add_elements<Op>(job, job.a + at[0], job.b + at[1], 0, static_cast<int>(job.length), lanes, acc);
    }
    const T v = group_tree<Op>(acc, lanes);
    if (o < job.outputs && (threadIdx.x & static_cast<unsigned>(lanes - 1)) == 0)
      job.out[o] = job.last(arith::finish<Op>(v));
  }
}

/// For outputs of up to 1024 chunks; a warp per output. The chunks' values are reduced as they come.
template <class Op, bool Vec, int Ahead, int Blocks, int Way, class T, class From>
__global__ void __launch_bounds__(block_threads, Blocks)
    reduce_rows(const __grid_constant__ Rows<T, From> job) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  for (std::int64_t o = std::int64_t{blockIdx.x} * reduce_warps + threadIdx.x / warp_size; o < job.outputs;
       o += std::int64_t{gridDim.x} * reduce_warps) {
    std::int64_t at[2];
    job.kept.at(static_cast<unsigned>(o), at);
    T upper[4], last = arith::identity<Op, T>;
    fill_with_identity<Op>(upper);
    for_chunks<Op, Vec, Ahead, Way>(job, job.a + at[0], job.b + at[1], 0, 1, [&](std::int64_t c, T v) {
      last = v;
      const int partial = static_cast<int>(c) % reduce_partials;
#pragma unroll
      for (int i = 0; i < 4; ++i)
        if (partial == i * warp_size + lane) upper[i] = combine<Op>(upper[i], v);
    });
    const T v = job.chunks > 1 ? group_tree<Op>(upper) : last;
    if (lane == 0) job.out[o] = job.last(arith::finish<Op>(v));
  }
}

/// For few outputs of many chunks; `parts` blocks per output.
template <class Op, bool Vec, int Ahead, int Blocks, int Way, class T, class From>
__global__ void __launch_bounds__(block_threads, Blocks)
    reduce_long(const __grid_constant__ Rows<T, From> job) {
  const unsigned parts = static_cast<unsigned>(job.parts), part = blockIdx.x % parts, o = blockIdx.x / parts;
  T* const values = job.scratch + o * job.level_values;
  std::int64_t at[2];
  job.kept.at(o, at);
  for_chunks<Op, Vec, Ahead, Way>(job, job.a + at[0], job.b + at[1],
      std::int64_t{part} * reduce_warps + threadIdx.x / warp_size, std::int64_t{parts} * reduce_warps,
      [&](std::int64_t c, T v) {
        if (threadIdx.x % warp_size == 0) values[c] = v;
      });
  if (!is_last_block(job.tickets + o, parts)) return;
  const T sum = upper_levels<Op>(values, job.chunks);
  if (threadIdx.x == 0) job.out[o] = job.last(sum);
}

}  // namespace tenon::kernels::cuda
