// Rung 6: rung 5, with 16 bytes per load and store.
//
// Changed: a thread moves 4 neighbours of a matrix with one instruction, where it can: if the matrices are
// contiguous one way and all groups of 4 are whole, at multiples of 16 bytes. One address and one check serve
// 4 elements, and seven of eight instructions are multiply-adds.
//
// What limits it: the threads of a warp read B 8 elements apart, which are in every other group of 4 banks of
// shared memory, so these loads take twice the passes that they need. And nothing is multiplied while the
// next tiles are on their way: another block could fill the time, but a multiprocessor has registers for one
// only.
#pragma once
#include <tenon/kernels/cuda/matmul/ladder/thread_tile.cuh>
#include <tenon/kernels/cuda/pack.cuh>

namespace tenon::kernels::cuda {

/// Vec: the groups of both operands lie whole in them, at multiples of 16 bytes.
template <class T, bool Vec>
__global__ void __launch_bounds__(256, 1) matmul_vectorized(const __grid_constant__ Product<T> p) {
  constexpr int side = 16 * thread_tile<T>, BK = 8, TM = thread_tile<T>, TN = thread_tile<T>;
  constexpr int W = pack_width<T>;
  using Group = Pack<T, W>;
  SIMT_SHARED(a, T[BK][side + W]);  // [BK, BM]
  SIMT_SHARED(b, T[BK][side + W]);  // [BK, BN]
  const TileOfC<side, side> tile(p);
  const Matrices<T> of(p, tile.item);
  Loader<T, 256, side, BK, Vec ? W : 1> a_in(of.a + tile.row * p.a_row, p.a_row, p.a_col, p.m - tile.row);
  Loader<T, 256, side, BK, Vec ? W : 1> b_in(of.b + tile.col * p.b_col, p.b_col, p.b_row, p.n - tile.col);
  const int row = static_cast<int>(threadIdx.x) / 16 * TM, col = static_cast<int>(threadIdx.x) % 16 * TN;
  T total[TM][TN] = {};
  for (std::int64_t c0 = 0; c0 < p.k; c0 += chain_chunk) {
    T sum[TM][TN] = {};
    for (std::int64_t k0 = c0; k0 < c0 + chain_chunk && k0 < p.k; k0 += BK) {
      a_in.load(a, p.k - k0);
      b_in.load(b, p.k - k0);
      __syncthreads();
#pragma unroll
      for (int k = 0; k < BK; ++k) {
        Group left[TM / W], right[TN / W];
#pragma unroll
        for (int i = 0; i < TM / W; ++i) left[i] = *reinterpret_cast<const Group*>(&a[k][row + i * W]);
#pragma unroll
        for (int j = 0; j < TN / W; ++j) right[j] = *reinterpret_cast<const Group*>(&b[k][col + j * W]);
#pragma unroll
        for (int i = 0; i < TM; ++i)
#pragma unroll
          for (int j = 0; j < TN; ++j)
            sum[i][j] = num::fma(left[i / W].v[i % W], right[j / W].v[j % W], sum[i][j]);
      }
      __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < TM; ++i)
#pragma unroll
      for (int j = 0; j < TN; ++j) total[i][j] = total[i][j] + sum[i][j];
  }
#pragma unroll
  for (int i = 0; i < TM; ++i)
#pragma unroll
    for (int j = 0; j < TN; j += W) {
      const std::int64_t r = tile.row + row + i, c = tile.col + col + j;
      Group group;
#pragma unroll
      for (int q = 0; q < W; ++q) group.v[q] = total[i][j + q];
      if (p.wide && !p.bias && r < p.m && c < p.n) reinterpret_cast<Group*>(of.c + r * p.n)[c / W] = group;
      else
#pragma unroll
        for (int q = 0; q < W; ++q) store(p, of, r, c + q, group.v[q]);
    }
}

struct Vectorized {
  static constexpr const char* name = "matmul_vectorized";
  template <class>
  static constexpr int threads = 256;
  template <class T>
  static auto kernel(bool vec) {
    return vec ? matmul_vectorized<T, true> : matmul_vectorized<T, false>;
  }
  template <class T>
  static std::int64_t blocks(const Product<T>& p) {
    return ThreadTile::blocks(p);
  }
};

}  // namespace tenon::kernels::cuda
