// Rung 5: a thread computes a tile of C of its own, [8, 8]. A block of 256 threads has [128, 128], and goes
// along k in steps of 8. float64 has tiles half as wide, because an element takes two registers.
//
// Changed: 8 elements of A and 8 of B, in registers, make 64 multiply-adds: a load for every 4 of them. This
// is where arithmetic begins to be the limit.
//
// What limits it: a third of a step's instructions multiply nothing. Most of them find the address of an
// element and whether it exists, one element at a time. (Loads of neighbours from shared memory the compiler
// joins.)
#pragma once
#include <tenon/kernels/cuda/matmul/ladder/rungs.cuh>

namespace tenon::kernels::cuda {

/// The tile of a thread is [thread_tile, thread_tile]; 16 x 16 threads have that of a block.
template <class T>
inline constexpr int thread_tile = sizeof(T) == 4 ? 8 : 4;

template <class T>
__global__ void __launch_bounds__(256, 1) matmul_thread_tile(const __grid_constant__ Product<T> p) {
  constexpr int side = 16 * thread_tile<T>, BK = 8, TM = thread_tile<T>, TN = thread_tile<T>;
  SIMT_SHARED(a, T[BK][side + 4]);  // [BK, BM]
  SIMT_SHARED(b, T[BK][side + 4]);  // [BK, BN]
  const TileOfC<side, side> tile(p);
  const Matrices<T> of(p, tile.item);
  Loader<T, 256, side, BK> a_in(of.a + tile.row * p.a_row, p.a_row, p.a_col, p.m - tile.row);
  Loader<T, 256, side, BK> b_in(of.b + tile.col * p.b_col, p.b_col, p.b_row, p.n - tile.col);
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
        T left[TM], right[TN];
#pragma unroll
        for (int i = 0; i < TM; ++i) left[i] = a[k][row + i];
#pragma unroll
        for (int j = 0; j < TN; ++j) right[j] = b[k][col + j];
#pragma unroll
        for (int i = 0; i < TM; ++i)
#pragma unroll
          for (int j = 0; j < TN; ++j) sum[i][j] = num::fma(left[i], right[j], sum[i][j]);
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
    for (int j = 0; j < TN; ++j) store(p, of, tile.row + row + i, tile.col + col + j, total[i][j]);
}

struct ThreadTile {
  static constexpr const char* name = "matmul_thread_tile";
  template <class>
  static constexpr int threads = 256;
  template <class T>
  static auto kernel(bool) {
    return matmul_thread_tile<T>;
  }
  template <class T>
  static std::int64_t blocks(const Product<T>& p) {
    return tiles_of<16 * thread_tile<T>, 16 * thread_tile<T>>(p);
  }
};

}  // namespace tenon::kernels::cuda
