// Order R on a warp (docs/numerics.md section 3): a warp owns a chunk of 1024; lane l holds the partial
// results 4l ... 4l+3.
#pragma once
#include <tenon/kernels/arith/math.h>
#include <tenon/kernels/arith/reduce.h>
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/cuda/pack.cuh>
#include <tenon/kernels/cuda/ticket.cuh>

namespace tenon::kernels::cuda {

using arith::reduce_chunk;
using arith::reduce_partials;
static_assert(reduce_partials == 4 * 32, "warp_tree has four partials per lane");

inline constexpr int warp_size = 32, reduce_warps = block_threads / warp_size;

/// The number of values on all levels, the first included: the size of an output's scratch memory.
inline std::int64_t level_values(std::int64_t chunks) {
  std::int64_t total = chunks;
  for (std::int64_t m = chunks; m > 1; total += m) m = arith::reduce_chunks(m);
  return total;
}

// Op on single elements.
template <class Op, class T>
__device__ inline T combine(T a, T b) {
  return arith::combine<Op, arith::ElementMath>(a, b);
}
template <class Op, class T>
__device__ inline T into(T acc, T a, T b) {
  return arith::into<Op, arith::ElementMath>(acc, a, b);
}
template <class Op, class T, int N>
__device__ inline void fill_with_identity(T (&a)[N]) {
#pragma unroll
  for (int i = 0; i < N; ++i) a[i] = arith::identity<Op, T>;
}

/// The halving tree over a warp's 128 partials in 8 shuffles: at distances 16 and 8, where h is 64 and 32,
/// the two lanes of a pair split their components; then 4, 2, 1 for h = 16, 8, 4, and 16, 8 again for h =
/// 2, 1.
template <class Op, class T>
__device__ inline T warp_tree(const T (&a)[4]) {
  constexpr unsigned all = 0xffffffffu;
  const bool high = threadIdx.x & 16, odd = threadIdx.x & 8;
  const T p = combine<Op>(high ? a[2] : a[0], __shfl_xor_sync(all, high ? a[0] : a[2], 16));
  const T q = combine<Op>(high ? a[3] : a[1], __shfl_xor_sync(all, high ? a[1] : a[3], 16));
  T v = combine<Op>(odd ? q : p, __shfl_xor_sync(all, odd ? p : q, 8));
  v = combine<Op>(v, __shfl_xor_sync(all, v, 4));
  v = combine<Op>(v, __shfl_xor_sync(all, v, 2));
  v = combine<Op>(v, __shfl_xor_sync(all, v, 1));
  v = combine<Op>(v, __shfl_xor_sync(all, v, 16));
  return combine<Op>(v, __shfl_xor_sync(all, v, 8));
}

/// The halving tree over registers, from h = H on; the result is a[0].
template <class Op, int H, class T, int N>
__device__ inline void register_tree(T (&a)[N]) {
#pragma unroll
  for (int i = 0; i < H; ++i) a[i] = combine<Op>(a[i], a[i + H]);
  if constexpr (H > 1) register_tree<Op, H / 2>(a);
}

/// The value of chunk `chunk` of `count` values that other blocks wrote.
template <class Op, class T>
__device__ inline T upper_chunk(const T* values, std::int64_t count, std::int64_t chunk) {
  const std::int64_t start = chunk * reduce_chunk;
  const int n = static_cast<int>(count - start < reduce_chunk ? count - start : reduce_chunk);
  T acc[4];
  fill_with_identity<Op>(acc);
  for (int q = static_cast<int>(threadIdx.x) % warp_size * 4; q < n; q += reduce_partials)
#pragma unroll
    for (int c = 0; c < 4; ++c)
      if (q + c < n) acc[c] = combine<Op>(acc[c], __ldcg(values + start + q + c));
  return warp_tree<Op>(acc);
}

/// Reduces `count` chunk values by one block; `values` has room for the upper levels. All threads return the
/// result.
template <class Op, class T>
__device__ inline T upper_levels(T* values, std::int64_t count) {
  while (count > 1) {
    const std::int64_t above = arith::reduce_chunks(count);
    for (std::int64_t c = threadIdx.x / warp_size; c < above; c += blockDim.x / warp_size) {
      const T v = upper_chunk<Op>(values, count, c);
      if (threadIdx.x % warp_size == 0) values[count + c] = v;
    }
    __syncthreads();
    values += count;
    count = above;
  }
  return arith::finish<Op>(__ldcg(values));
}

}  // namespace tenon::kernels::cuda
