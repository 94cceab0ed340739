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

/// ElementMath without branches, at which the lanes of a warp would part.
struct DeviceMath : arith::ElementMath {
  template <class T>
  __device__ static T largest(T a, T b) {
    if constexpr (std::is_same_v<T, std::int64_t>) {
      return num::largest(a, b);
    } else {
      const T larger = a > b ? a : b, both = num::real(num::bits(a) & num::bits(b));
      const T number = a == b ? both : larger;
      return a != a ? a : number;
    }
  }
};

// Op on single elements.
template <class Op, class T>
__device__ inline T combine(T a, T b) {
  return arith::combine<Op, DeviceMath>(a, b);
}
template <class Op, class T>
__device__ inline T into(T acc, T a, T b) {
  return arith::into<Op, DeviceMath>(acc, a, b);
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

/// The halving tree over 4 lanes partials, where `lanes` is a power of 2: each lane of a group holds the
/// partials l, l + lanes, l + 2 lanes, l + 3 lanes. The other partials are the identity.
template <class Op, class T>
__device__ inline T group_tree(const T (&a)[4], int lanes = warp_size) {
  T v = combine<Op>(combine<Op>(a[0], a[2]), combine<Op>(a[1], a[3]));
  for (int h = lanes / 2; h > 0; h /= 2) v = combine<Op>(v, __shfl_xor_sync(0xffffffffu, v, h));
  return v;
}

/// Reduces n values, at most a chunk, by one warp; value(q) loads one of them.
template <class Op, class T, class Value>
__device__ inline T upper_chunk(int n, const Value& value) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  T acc[4];
  fill_with_identity<Op>(acc);
  if (n == reduce_chunk) {
    constexpr int ahead = 128 / static_cast<int>(sizeof(T));  // all in flight: nothing else hides the latency
    for (int r = 0; r < reduce_chunk; r += ahead * warp_size) {
      T x[ahead];
#pragma unroll
      for (int i = 0; i < ahead; ++i) x[i] = value(r + i * warp_size + lane);
#pragma unroll
      for (int i = 0; i < ahead; ++i) acc[i % 4] = combine<Op>(acc[i % 4], x[i]);
    }
  } else {
    for (int r = lane; r < n; r += 4 * warp_size)
#pragma unroll
      for (int i = 0; i < 4; ++i)
        if (r + i * warp_size < n) acc[i] = combine<Op>(acc[i], value(r + i * warp_size));
  }
  return group_tree<Op>(acc);
}

/// Reduces `count` chunk values, which other blocks wrote, by one block; `values` has room for the upper
/// levels. Thread 0 returns the result.
template <class Op, class T>
__device__ inline T upper_levels(T* values, std::int64_t count) {
  SIMT_SHARED(top, T[reduce_chunk]);  // the highest level but one, which stays here
  const int warp = static_cast<int>(threadIdx.x) / warp_size;
  bool is_shared = false;
  while (count > reduce_chunk) {
    const std::int64_t above = arith::reduce_chunks(count);
    is_shared = above <= reduce_chunk;
    T* const to = is_shared ? top : values + count;
    for (std::int64_t c = warp; c < above; c += reduce_warps) {
      const std::int64_t start = c * reduce_chunk;
      const int n = static_cast<int>(count - start < reduce_chunk ? count - start : reduce_chunk);
      const T v = upper_chunk<Op, T>(n, [&](int q) { return __ldcg(values + start + q); });
      if (threadIdx.x % warp_size == 0) to[c] = v;
    }
    __syncthreads();
    values += count;
    count = above;
  }
  T v = arith::identity<Op, T>;
  if (warp == 0) {
    const int n = static_cast<int>(count);
    v = is_shared ? upper_chunk<Op, T>(n, [&](int q) { return top[q]; })
                  : upper_chunk<Op, T>(n, [&](int q) { return __ldcg(values + q); });
  }
  return arith::finish<Op>(v);
}

}  // namespace tenon::kernels::cuda
