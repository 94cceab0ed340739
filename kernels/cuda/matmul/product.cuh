// The arguments of a matrix product, and the sizes of its tiles.
#pragma once
#include <tenon/kernels/arith/order.h>
#include <tenon/kernels/cuda/pack.cuh>

namespace tenon::kernels::cuda {

using arith::chain_chunk;

/// C[m, n] = A[m, k] B[k, n] (+ bias[n]); element (i, q) of A is at i * a_row + q * a_col.
template <class T>
struct Product {
  std::int64_t m, n, k;
  const T* a;
  std::int64_t a_row, a_col;
  const T* b;
  std::int64_t b_row, b_col;
  T* c;
  bool wide;           // every row of C is aligned
  const T* bias;       // [n], or null
  std::int64_t split;  // blocks that share a tile, one per chunk of k; or 1
  T* parts;            // [split, m, n]
  unsigned* tickets;
};

/// A block computes a tile of C, [BM, BN], in steps of BK along k; each of its warps [WM, WN] of that, and
/// each thread [TM, TN], in groups of W elements, one 16-byte load each. The lanes of a warp own neighbouring
/// groups, so that together they read contiguous shared memory.
template <class T, int BM_, int BN_, int BK_, int WM_, int WN_, int TM_, int TN_>
struct Tile {
  static constexpr int BM = BM_, BN = BN_, BK = BK_, WM = WM_, WN = WN_, TM = TM_, TN = TN_;
  static constexpr int W = pack_width<T>, threads = 32 * (BM / WM) * (BN / WN);
  static constexpr int lanes_m = WM / TM, lanes_n = WN / TN;
  static constexpr int a_packs = BM * BK / W / threads, b_packs = BN * BK / W / threads;
  static_assert(lanes_m * lanes_n == 32 && TM % W == 0 && TN % W == 0);
  static_assert(a_packs >= 1 && b_packs >= 1 && chain_chunk % BK == 0);
};

}  // namespace tenon::kernels::cuda
