// Rung 7: rung 6, with the elements of a thread dealt out anew.
//
// Changed: each warp has a compact tile of C, [32, 64], in place of 16 threads' rows across the whole tile,
// and each thread has groups of 4 neighbours, 16 bytes, that are far apart instead of 8 neighbours (Place in
// ../tiles.cuh). So the threads of a warp that read at the same time read neighbouring groups, which are in
// different banks, or the same group, which is sent to all of them at once. Blocks that run at the same time
// are neighbours too, in bands of 8 rows of tiles, and find in the L2 cache what others have read.
//
// What limits it: the barriers, between which a block either copies or multiplies. Rung 8, the kernel in
// ../tiles.cuh that the library uses, copies three steps ahead while it multiplies.
#pragma once
#include <tenon/kernels/cuda/matmul/ladder/vectorized.cuh>
#include <tenon/kernels/cuda/matmul/tiles.cuh>

namespace tenon::kernels::cuda {

/// For float32 a warp's tile is [32, 64] and a thread's [8, 8]; float64 has half of each side.
template <class T>
using WarpTiles = Tile<T, 16 * thread_tile<T>, 16 * thread_tile<T>, 8, 4 * thread_tile<T>, 8 * thread_tile<T>,
    thread_tile<T>, thread_tile<T>, 1>;

/// Vec: see matmul_vectorized.
template <class T, bool Vec>
__global__ void __launch_bounds__(256, 1) matmul_warp_tile(const __grid_constant__ Product<T> p) {
  using S = WarpTiles<T>;
  SIMT_SHARED(a, T[S::BK][S::BM + S::W]);
  SIMT_SHARED(b, T[S::BK][S::BN + S::W]);
  const Place<S> place(p, blockIdx.x);
  const Matrices<T> of(p, place.item);
  Loader<T, 256, S::BM, S::BK, Vec ? S::W : 1> a_in(
      of.a + place.row0 * p.a_row, p.a_row, p.a_col, p.m - place.row0);
  Loader<T, 256, S::BN, S::BK, Vec ? S::W : 1> b_in(
      of.b + place.col0 * p.b_col, p.b_col, p.b_row, p.n - place.col0);
  Elements<S> total{};
  for (std::int64_t c0 = 0; c0 < p.k; c0 += chain_chunk) {
    Elements<S> sum{};
    for (std::int64_t k0 = c0; k0 < c0 + chain_chunk && k0 < p.k; k0 += S::BK) {
      a_in.load(a, p.k - k0);
      b_in.load(b, p.k - k0);
      __syncthreads();
#pragma unroll
      for (int k = 0; k < S::BK; ++k) {
        Group<T> left[S::TM / S::W], right[S::TN / S::W];
#pragma unroll
        for (int i = 0; i < S::TM / S::W; ++i)
          left[i] = *reinterpret_cast<const Group<T>*>(&a[k][place.m0 + i * S::rows]);
#pragma unroll
        for (int j = 0; j < S::TN / S::W; ++j)
          right[j] = *reinterpret_cast<const Group<T>*>(&b[k][place.n0 + j * S::cols]);
#pragma unroll
        for (int i = 0; i < S::TM; ++i)
#pragma unroll
          for (int j = 0; j < S::TN; ++j)
            sum.at(i, j) = num::fma(left[i / S::W].v[i % S::W], right[j / S::W].v[j % S::W], sum.at(i, j));
      }
      __syncthreads();
    }
#pragma unroll
    for (int g = 0; g < S::groups; ++g) {
      sum.add(g, total.of[g]);
      total.of[g] = sum.of[g];
    }
  }
  write_tile(p, place, total);
}

struct WarpTile {
  static constexpr const char* name = "matmul_warp_tile";
  template <class>
  static constexpr int threads = 256;
  template <class T>
  static auto kernel(bool vec) {
    return vec ? matmul_warp_tile<T, true> : matmul_warp_tile<T, false>;
  }
  template <class T>
  static std::int64_t blocks(const Product<T>& p) {
    return ThreadTile::blocks(p);
  }
};

}  // namespace tenon::kernels::cuda
