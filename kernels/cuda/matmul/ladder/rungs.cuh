// What the rungs of the ladder share: where a block's tile is, and how it gets into shared memory. The rungs
// are a way to learn why the kernel in ../tiles.cuh is as it is; docs/kernels.md tells their story. Every
// rung takes every product, of any strides, and has the same bits: an element of C is one chain of fused
// multiply-adds per chunk of k, and the chunks are added in order.
#pragma once
#include <tenon/kernels/arith/math.h>
#include <tenon/kernels/cuda/matmul/product.cuh>
#include <tenon/kernels/cuda/pack.cuh>

namespace tenon::kernels::cuda {

/// A product of the batch.
template <class T>
struct Matrices {
  const T *a, *b;
  T* c;

  __device__ Matrices(const Product<T>& p, std::int64_t item) : a(p.a), b(p.b), c(p.c + item * p.m * p.n) {
    if (p.batch == 1) return;
    std::int64_t offset[2];
    p.items.at(static_cast<unsigned>(item), offset);
    a += offset[0], b += offset[1];
  }
};

/// The tile of C, [BM, BN], of this block.
template <int BM, int BN>
struct TileOfC {
  std::int64_t item, row, col;  // the product in the batch, and where the tile begins

  template <class T>
  __device__ explicit TileOfC(const Product<T>& p) {
    const std::int64_t across = (p.n + BN - 1) / BN, tiles = (p.m + BM - 1) / BM * across;
    item = blockIdx.x / tiles;
    row = blockIdx.x % tiles / across * BM;
    col = blockIdx.x % across * BN;
  }
};

/// The blocks that a product needs, one per tile.
template <int BM, int BN, class T>
std::int64_t tiles_of(const Product<T>& p) {
  return ((p.m + BM - 1) / BM) * ((p.n + BN - 1) / BN);
}

/// A thread's part in copying an operand to shared memory, BK values of k of `Lines` lines (rows of A,
/// columns of B) per step, in groups of W elements that are adjacent in memory. The threads of a warp go
/// along the dimension whose neighbours are adjacent: that of k, or that of the lines.
template <class T, int Threads, int Lines, int BK, int W = 1>
struct Loader {
  static constexpr int count = Lines * BK / W / Threads;  // groups of this thread in a step
  using Group = Pack<T, W>;

  const T* from;
  bool along_k;
  int line, k, line_step, k_step;  // of the first group, and from one group to the next
  std::int64_t step, next;         // in elements: from one group to the next, and to the next BK values
  std::int64_t lines_left;

  /// `first` is the first element of the first line, of which `lines` exist.
  __device__ Loader(const T* first, std::int64_t line_stride, std::int64_t k_stride, std::int64_t lines)
      : along_k(k_stride == 1), next(BK * k_stride), lines_left(lines) {
    constexpr int per_line = BK / W, per_k = Lines / W;
    const int e = static_cast<int>(threadIdx.x);
    line = along_k ? e / per_line : e % per_k * W;
    k = along_k ? e % per_line * W : e / per_k;
    line_step = along_k ? Threads / per_line : 0;
    k_step = along_k ? 0 : Threads / per_k;
    from = first + line * line_stride + k * k_stride;
    step = line_step * line_stride + k_step * k_stride;
  }

  /// Copies the next step, of which `k_left` values of k exist. What does not exist becomes +0, which changes
  /// no sum.
  template <int Row>
  __device__ void load(T (&to)[BK][Row], std::int64_t k_left) {
#pragma unroll
    for (int i = 0; i < count; ++i) {
      const int l = line + i * line_step, q = k + i * k_step;
      const Group group =
          l < lines_left && q < k_left ? *reinterpret_cast<const Group*>(from + i * step) : Group{};
      if (W > 1 && !along_k) {
        *reinterpret_cast<Group*>(&to[q][l]) = group;
      } else {
#pragma unroll
        for (int w = 0; w < W; ++w) to[q + w][l] = group.v[w];
      }
    }
    from += next;
  }
};

/// Element (i, j) of C, by one thread from global memory.
template <class T>
__device__ T element(const Product<T>& p, const Matrices<T>& of, std::int64_t i, std::int64_t j) {
  const T *a = of.a + i * p.a_row, *b = of.b + j * p.b_col;
  T total = T(0);
  for (std::int64_t c0 = 0; c0 < p.k; c0 += chain_chunk) {
    const std::int64_t end = c0 + chain_chunk < p.k ? c0 + chain_chunk : p.k;
    T sum = T(0);
    for (std::int64_t k = c0; k < end; ++k, a += p.a_col, b += p.b_row) sum = num::fma(*a, *b, sum);
    total = total + sum;
  }
  return total;
}

/// The result of a chain over chunk after chunk: C, with the bias.
template <class T>
__device__ void store(const Product<T>& p, const Matrices<T>& of, std::int64_t i, std::int64_t j, T total) {
  if (i < p.m && j < p.n) of.c[i * p.n + j] = p.bias ? total + p.bias[j] : total;
}

}  // namespace tenon::kernels::cuda
