// The arguments of a matrix product, and the shape of its tiles.
#pragma once
#include <tenon/kernels/arith/order.h>
#include <tenon/kernels/cuda/offsets.h>
#include <tenon/kernels/cuda/pack.cuh>

namespace tenon::kernels::cuda {

using arith::chain_chunk;

/// C[m, n] = A[m, k] B[k, n] (+ bias[n]); element (i, q) of A is at i * a_row + q * a_col. A batch of
/// products has C[batch, m, n]; `items` are the offsets of each A and B.
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
  T* parts;            // [tiles, split, BM * BN]
  unsigned* tickets;
  unsigned batch;
  Offsets<2> items;
};

/// A block computes a tile of C, [BM, BN], in steps of BK along k, of which `stages` are in shared memory or
/// on their way; each of its warps computes [WM, WN] of the tile and each thread [TM, TN], in groups of W
/// elements of a row, one 16-byte load each. A multiprocessor has registers for `Blocks` blocks at once.
template <class T, int BM_, int BN_, int BK_, int WM_, int WN_, int TM_, int TN_, int Blocks_>
struct Tile {
  using Element = T;
  static constexpr int BM = BM_, BN = BN_, BK = BK_, WM = WM_, WN = WN_, TM = TM_, TN = TN_;
  static constexpr int stages = 3, blocks = Blocks_, threads = 32 * (BM / WM) * (BN / WN);
  static constexpr int W = pack_width<T>, lanes_m = WM / TM, lanes_n = WN / TN;
  static constexpr int rows = W * lanes_m, cols = W * lanes_n;  // between a thread's groups
  static constexpr int groups = TM * TN / W;
  /// Whether a thread has registers for the sums of earlier chunks while it computes one, its factors and 32
  /// others; otherwise the sums are in shared memory.
  static constexpr bool keeps_sums =
      (2 * TM * TN + 2 * (TM + TN)) * sizeof(T) / 4 + 32 <= 65536 / (threads * blocks);
  static_assert(lanes_m * lanes_n == 32 && (lanes_m == 4 || lanes_m == 8) && TM % W == 0 && TN % W == 0);
  static_assert(BK % 2 == 0 && chain_chunk % BK == 0 && stages >= 2);
};

}  // namespace tenon::kernels::cuda
