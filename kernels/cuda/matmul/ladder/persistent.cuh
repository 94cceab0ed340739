// Rung 9: as many blocks as run at once, each of which computes tile after tile.
//
// Changed: the grid does not grow with C. While a block multiplies the last steps of a tile and writes it,
// the first steps of its next tile are on their way, so no tile but the first waits for memory.
//
// What limits it: the last round. If 100 blocks share 101 tiles, 99 of them idle while one is computed. Tiles
// of several shapes and tiles that blocks share (../matmul.cu) are worth more there, so the library stays
// with rung 8.
#pragma once
#include <tenon/kernels/cuda/matmul/tiles.cuh>

namespace tenon::kernels::cuda {

/// With 16-byte copies the operands may have their neighbours in rows or in columns (TA, TB, Vec: see
/// matmul_tiles); any others are copied element by element.
template <class S, class T, bool TA, bool TB, bool Vec>
__global__ void __launch_bounds__(S::threads, S::blocks)
    matmul_persistent(const __grid_constant__ Product<T> p, unsigned tiles) {
  constexpr int BK = S::BK, TM = S::TM, TN = S::TN, W = S::W;
  SIMT_SHARED_AT_LAUNCH(shared, TileMemory<S>);
  using A = Feed<T, S::BM, BK, S::threads, TA, Vec>;
  using B = Feed<T, S::BN, BK, S::threads, !TB, Vec>;
  const auto feeds = [&](unsigned tile) {
    const Place<S> at(p, tile);
    std::int64_t offset[2] = {0, 0};
    if (p.batch > 1) p.items.at(static_cast<unsigned>(at.item), offset);
    struct {
      A a;
      B b;
      std::int64_t full;  // steps that exist in full
    } in{A(p.a + offset[0], p.a_row, p.a_col, at.row0, p.m, 0),
        B(p.b + offset[1], p.b_col, p.b_row, at.col0, p.n, 0),
        p.m - at.row0 >= S::BM && p.n - at.col0 >= S::BN ? p.k / BK : 0};
    return in;
  };
  // What is fetched is up to three steps ahead of what is multiplied, maybe in the next tile.
  unsigned fetched = blockIdx.x;
  auto in = feeds(fetched);
  std::int64_t left = p.k - in.full * BK;  // the values of k after the full steps
  const auto fetch = [&](int stage) {
    if (in.full == 0 && left <= 0 && fetched < tiles) {
      fetched += gridDim.x;
      if (fetched < tiles) {
        in = feeds(fetched);
        left = p.k - in.full * BK;
      }
    }
    if (in.full > 0) {
      in.a.fetch(shared.stages[stage].a);
      in.b.fetch(shared.stages[stage].b);
      --in.full;
    } else if (left > 0) {
      in.a.fetch_part(shared.stages[stage].a, left);
      in.b.fetch_part(shared.stages[stage].b, left);
      left -= BK;
    }
    simt::commit_copies();
  };
#pragma unroll
  for (int s = 0; s < S::stages; ++s) fetch(s);
  simt::wait_for_copies<S::stages - 1>();
  __syncthreads();
  int stage = 0;
  for (unsigned tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const Place<S> place(p, tile);
    Elements<S> acc, sums;  // sums: not used unless S::keeps_sums
    for (std::int64_t c0 = 0; c0 < p.k; c0 += chain_chunk) {
#pragma unroll
      for (int g = 0; g < S::groups; ++g) acc.of[g] = {};
      const bool is_last = c0 + chain_chunk >= p.k;
      const int length = static_cast<int>(is_last ? p.k - c0 : chain_chunk);
#pragma unroll 1
      for (int steps = (length + BK - 1) / BK; steps > 0; --steps) {
#pragma unroll
        for (int k = 0; k < BK; ++k) {
          Group<T> a[TM / W], b[TN / W];
#pragma unroll
          for (int i = 0; i < TM / W; ++i)
            a[i] = *reinterpret_cast<const Group<T>*>(&shared.stages[stage].a[k][place.m0 + i * S::rows]);
#pragma unroll
          for (int j = 0; j < TN / W; ++j)
            b[j] = *reinterpret_cast<const Group<T>*>(&shared.stages[stage].b[k][place.n0 + j * S::cols]);
#pragma unroll
          for (int i = 0; i < TM; ++i)
#pragma unroll
            for (int n = 0; n < TN; ++n) {
              const int j = i % 2 ? TN - 1 - n : n;
              acc.at(i, j) = num::fma(a[i / W].v[i % W], b[j / W].v[j % W], acc.at(i, j));
            }
        }
        // The next stage is there, and everybody has read this one, which can be filled again.
        simt::wait_for_copies<S::stages - 2>();
        __syncthreads();
        fetch(stage);
        stage = stage + 1 == S::stages ? 0 : stage + 1;
      }
#pragma unroll
      for (int g = 0; g < S::groups; ++g) {
        Group<T>& kept = S::keeps_sums ? sums.of[g] : shared.sums[S::keeps_sums ? 0 : g][threadIdx.x];
        acc.add(g, c0 == 0 ? Group<T>{} : kept);
        if (!is_last) kept = acc.of[g];
      }
    }
    write_tile(p, place, acc);
  }
}

}  // namespace tenon::kernels::cuda
