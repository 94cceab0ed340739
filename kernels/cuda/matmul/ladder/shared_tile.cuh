// Rung 3: a block computes a tile of C, [32, 32], in steps of 32 along k. For each step it copies the tiles
// of A and B that it needs to shared memory, where its 1024 threads read them 32 times.
//
// Changed: global memory is read 32 times less. The two barriers of a step keep the threads from reading a
// tile before it is there, and from overwriting one that others still read.
//
// What limits it: still two loads per multiply-add, from shared memory now. It gives a warp one number per
// thread and cycle at most, so that three of four cycles are loads.
#pragma once
#include <tenon/kernels/cuda/matmul/ladder/rungs.cuh>

namespace tenon::kernels::cuda {

template <class T>
__global__ void __launch_bounds__(1024, 1) matmul_shared_tile(const __grid_constant__ Product<T> p) {
  constexpr int side = 32;
  SIMT_SHARED(a, T[side][side + 1]);  // [BK, BM]; the padding spreads a column over all banks
  SIMT_SHARED(b, T[side][side + 1]);  // [BK, BN]
  const TileOfC<side, side> tile(p);
  const Matrices<T> of(p, tile.item);
  Loader<T, side * side, side, side> a_in(of.a + tile.row * p.a_row, p.a_row, p.a_col, p.m - tile.row);
  Loader<T, side * side, side, side> b_in(of.b + tile.col * p.b_col, p.b_col, p.b_row, p.n - tile.col);
  const int row = static_cast<int>(threadIdx.x) / side, col = static_cast<int>(threadIdx.x) % side;
  T total = T(0);
  for (std::int64_t c0 = 0; c0 < p.k; c0 += chain_chunk) {
    T sum = T(0);
    for (std::int64_t k0 = c0; k0 < c0 + chain_chunk && k0 < p.k; k0 += side) {
      a_in.load(a, p.k - k0);
      b_in.load(b, p.k - k0);
      __syncthreads();
#pragma unroll
      for (int k = 0; k < side; ++k) sum = num::fma(a[k][row], b[k][col], sum);
      __syncthreads();
    }
    total = total + sum;
  }
  store(p, of, tile.row + row, tile.col + col, total);
}

struct SharedTile {
  static constexpr const char* name = "matmul_shared_tile";
  template <class>
  static constexpr int threads = 1024;
  template <class T>
  static auto kernel(bool) {
    return matmul_shared_tile<T>;
  }
  template <class T>
  static std::int64_t blocks(const Product<T>& p) {
    return tiles_of<32, 32>(p);
  }
};

}  // namespace tenon::kernels::cuda
