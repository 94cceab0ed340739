// Rows that are reduced more than once and stay in registers meanwhile, so that they are read once and
// written once: a warp per row of up to 1024 elements, a block per longer row, a warp per chunk of it. Of
// rows with more chunks than a block has warps each pass reads the row again, then from the L2 cache.
#pragma once
#include <tenon/kernels/cuda/reduce/tree.cuh>

namespace tenon::kernels::cuda {

/// Lane l holds the elements l, l + 32, l + 64, ... of a chunk of order R.
inline constexpr int slots = static_cast<int>(reduce_chunk) / warp_size;
/// Warps that share a long row: as many as have registers for a chunk each.
template <class T>
inline constexpr int row_warps = 64 / static_cast<int>(sizeof(T));
/// The chunks of the longest row that a block computes: one chunk of the level above.
inline constexpr std::int64_t most_chunks = reduce_chunk;

template <class F>
__device__ inline void for_each_slot(int n, const F& f) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
#pragma unroll
  for (int i = 0; i < slots; ++i)
    if (i * warp_size < n) f(i, i * warp_size + lane);
}

/// Reduces a chunk; what is beyond its end must not change the result. A reduction of one operand ignores y.
template <class Op, class T>
__device__ inline T chunk_value(int n, const T (&x)[slots], const T (&y)[slots]) {
  T acc[4];
  fill_with_identity<Op>(acc);
  for_each_slot(n, [&](int i, int) { acc[i % 4] = into<Op>(acc[i % 4], x[i], y[i]); });
  return group_tree<Op>(acc);
}
template <class Op, class T>
__device__ inline T chunk_value(int n, const T (&x)[slots]) {
  return chunk_value<Op>(n, x, x);
}

/// One warp per row, which is a chunk.
template <class T>
class ShortRow {
 public:
  static constexpr bool keeps = true;

  __device__ ShortRow(int n) : n_(n) {}
  __device__ static std::int64_t first() {
    return std::int64_t{blockIdx.x} * reduce_warps + threadIdx.x / warp_size;
  }
  __device__ static std::int64_t step() { return std::int64_t{gridDim.x} * reduce_warps; }
  __device__ static bool is_first_thread() { return threadIdx.x % warp_size == 0; }
  /// f(offset, length) for each chunk of this warp.
  template <class F>
  __device__ void for_each_chunk(const F& f) const {
    f(0, n_);
  }
  /// The value of the row, for all of its threads; chunk(offset, length) returns that of a chunk.
  template <class Op, class F>
  __device__ T reduce(const F& chunk) {
    return arith::finish<Op>(chunk(0, n_));
  }

 private:
  int n_;
};

/// One block per row.
template <class T, bool Keeps>
class LongRow {
 public:
  static constexpr int threads = row_warps<T> * warp_size;
  static constexpr bool keeps = Keeps;
  /// Results of chunks. Two reductions take turns, so that one may begin while a warp still reads the other.
  struct Values {
    T of[2][most_chunks];
  };

  __device__ LongRow(int n, Values& values) : n_(n), values_(values) {}
  __device__ static std::int64_t first() { return blockIdx.x; }
  __device__ static std::int64_t step() { return gridDim.x; }
  __device__ static bool is_first_thread() { return threadIdx.x == 0; }
  template <class F>
  __device__ void for_each_chunk(const F& f) const {
    constexpr int chunk = static_cast<int>(reduce_chunk);
    const int warps = static_cast<int>(blockDim.x) / warp_size,
              warp = static_cast<int>(threadIdx.x) / warp_size;
    for (int at = warp * chunk; at < n_; at += warps * chunk) f(at, n_ - at < chunk ? n_ - at : chunk);
  }
  template <class Op, class F>
  __device__ T reduce(const F& chunk) {
    T* const values = values_.of[turn_];
    turn_ ^= 1;
    for_each_chunk([&](int at, int length) {
      const T v = chunk(at, length);
      if (threadIdx.x % warp_size == 0) values[at / reduce_chunk] = v;
    });
    __syncthreads();
    const int chunks = static_cast<int>(arith::reduce_chunks(n_));
    return arith::finish<Op>(upper_chunk<Op, T>(chunks, [&](int q) { return values[q]; }));
  }

 private:
  int n_, turn_ = 0;
  Values& values_;
};

/// Whether one launch computes rows of this size.
inline bool can_keep_rows(std::int64_t size) { return arith::reduce_chunks(size) <= most_chunks; }

/// Calls run(is_long, keeps, blocks, threads), the first two of which are std::bool_constants.
template <class T, class F>
void with_kept_rows(Stream stream, std::int64_t rows, std::int64_t size, const F& run) {
  if (size <= reduce_chunk)
    return run(std::false_type(), std::true_type(), blocks_for(stream, rows, reduce_warps), block_threads);
  const std::int64_t chunks = arith::reduce_chunks(size),
                     warps = std::min<std::int64_t>(chunks, row_warps<T>);
  with_bool(chunks == warps, [&](auto keeps) {
    run(std::true_type(), keeps, blocks_for(stream, rows, 1), static_cast<int>(warps) * warp_size);
  });
}

}  // namespace tenon::kernels::cuda
