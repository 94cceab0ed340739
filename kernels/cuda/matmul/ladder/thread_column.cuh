// Rung 4: a thread computes a column of 8 elements of C. A block of 512 threads has a tile of C, [64, 64],
// and goes along k in steps of 8.
//
// Changed: an element of B, once in a register, is used for 8 multiply-adds, which need 9 loads instead
// of 16. The tile is larger, so global memory is read 64 times less than by rung 2.
//
// What limits it: more than one load per multiply-add.
#pragma once
#include <tenon/kernels/cuda/matmul/ladder/rungs.cuh>

namespace tenon::kernels::cuda {

/// The tile of a block is [column_side, column_side].
template <class T>
inline constexpr int column_side = sizeof(T) == 4 ? 64 : 32;
template <class T>
inline constexpr int column_threads = column_side<T>* column_side<T> / 8;

template <class T>
__global__ void __launch_bounds__(column_threads<T>)
    matmul_thread_column(const __grid_constant__ Product<T> p) {
  constexpr int side = column_side<T>, BK = 8, TM = 8;
  SIMT_SHARED(a, T[BK][side + 4]);  // [BK, BM]
  SIMT_SHARED(b, T[BK][side + 4]);  // [BK, BN]
  const TileOfC<side, side> tile(p);
  const Matrices<T> of(p, tile.item);
  Loader<T, column_threads<T>, side, BK> a_in(of.a + tile.row * p.a_row, p.a_row, p.a_col, p.m - tile.row);
  Loader<T, column_threads<T>, side, BK> b_in(of.b + tile.col * p.b_col, p.b_col, p.b_row, p.n - tile.col);
  const int row = static_cast<int>(threadIdx.x) / side * TM, col = static_cast<int>(threadIdx.x) % side;
  T total[TM] = {};
  for (std::int64_t c0 = 0; c0 < p.k; c0 += chain_chunk) {
    T sum[TM] = {};
    for (std::int64_t k0 = c0; k0 < c0 + chain_chunk && k0 < p.k; k0 += BK) {
      a_in.load(a, p.k - k0);
      b_in.load(b, p.k - k0);
      __syncthreads();
#pragma unroll
      for (int k = 0; k < BK; ++k) {
        const T right = b[k][col];
#pragma unroll
        for (int i = 0; i < TM; ++i) sum[i] = num::fma(a[k][row + i], right, sum[i]);
      }
      __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < TM; ++i) total[i] = total[i] + sum[i];
  }
  for (int i = 0; i < TM; ++i) store(p, of, tile.row + row + i, tile.col + col, total[i]);
}

struct ThreadColumn {
  static constexpr const char* name = "matmul_thread_column";
  template <class T>
  static constexpr int threads = column_threads<T>;
  template <class T>
  static auto kernel(bool) {
    return matmul_thread_column<T>;
  }
  template <class T>
  static std::int64_t blocks(const Product<T>& p) {
    return tiles_of<column_side<T>, column_side<T>>(p);
  }
};

}  // namespace tenon::kernels::cuda
