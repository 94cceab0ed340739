// Matrix product with register tiles. A block computes a tile of C in steps of BK along k; while it
// multiplies one step, it loads the next (carrier.cuh). docs/kernels.md says what limits it.
#pragma once
#include <tenon/kernels/arith/math.h>
#include <tenon/kernels/cuda/matmul/carrier.cuh>
#include <tenon/kernels/cuda/matmul/product.cuh>
#include <tenon/kernels/cuda/ticket.cuh>

namespace tenon::kernels::cuda {

/// The tile of C, [BM, BN], of this block, and the elements of it, [TM, TN], of this thread. Element (i, j)
/// is in row m0 + i / W * rows + i % W of the tile; its column is found likewise.
template <class S, class T>
struct Place {
  static constexpr int W = S::W, rows = S::WM / (S::TM / W), cols = S::WN / (S::TN / W);

  std::int64_t tile, part;  // the number of the tile, and of this block's part of k
  std::int64_t row0, col0;  // where the tile starts in C
  std::int64_t begin, end;  // the range of k that this block sums
  int m0, n0;               // where this thread's elements start in the tile

  __device__ explicit Place(const Product<T>& p) {
    const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
    m0 = warp / (S::BN / S::WN) * S::WM + lane / S::lanes_n * W;
    n0 = warp % (S::BN / S::WN) * S::WN + lane % S::lanes_n * W;
    const std::int64_t across = (p.n + S::BN - 1) / S::BN;
    tile = blockIdx.x / p.split, part = blockIdx.x % p.split;
    row0 = tile / across * S::BM, col0 = tile % across * S::BN;
    begin = part * chain_chunk;
    end = p.split > 1 && begin + chain_chunk < p.k ? begin + chain_chunk : p.k;
  }

  /// Calls f(offset in C, elements left in the row, column, r, j) for each group in rows i ... i + W - 1 of
  /// this thread's elements that lies in C; r counts the rows from i.
  template <class F>
  __device__ void for_each_group(const Product<T>& p, int i, const F& f) const {
#pragma unroll
    for (int r = 0; r < W; ++r)
#pragma unroll
      for (int j = 0; j < S::TN; j += W) {
        const std::int64_t row = row0 + m0 + i / W * rows + r, col = col0 + n0 + j / W * cols;
        if (row < p.m && col < p.n) f(row * p.n + col, p.n - col, col, r, j);
      }
  }
};

template <class T>
using Group = Pack<T, pack_width<T>>;

/// Writes a group, of which `there` elements lie in C or in a part of it.
template <class T>
__device__ inline void store_group(
    const Product<T>& p, T* to, std::int64_t at, std::int64_t there, const Group<T>& v) {
  constexpr int W = pack_width<T>;
  if (p.wide) {
    reinterpret_cast<Group<T>*>(to)[at / W] = v;
  } else {
#pragma unroll
    for (int c = 0; c < W; ++c)
      if (c < there) to[at + c] = v.v[c];
  }
}

template <class T>
__device__ inline void add_bias(const Product<T>& p, Group<T>& v, std::int64_t col, std::int64_t there) {
  if (!p.bias) return;
#pragma unroll
  for (int c = 0; c < pack_width<T>; ++c)
    if (c < there) v.v[c] = v.v[c] + p.bias[col + c];
}

/// acc[TM, TN] += A[BM, BK] B[BK, BN] for this thread's elements of one step.
template <class S, class T, class StageA, class StageB>
__device__ inline void multiply_step(
    const StageA& as, const StageB& bs, const Place<S, T>& place, T (&acc)[S::TM][S::TN]) {
  constexpr int TM = S::TM, TN = S::TN, W = S::W;
#pragma unroll
  for (int k = 0; k < S::BK; ++k) {
    Group<T> a[TM / W], b[TN / W];
#pragma unroll
    for (int i = 0; i < TM / W; ++i)
      a[i] = *reinterpret_cast<const Group<T>*>(&as[k][place.m0 + i * place.rows]);
#pragma unroll
    for (int j = 0; j < TN / W; ++j)
      b[j] = *reinterpret_cast<const Group<T>*>(&bs[k][place.n0 + j * place.cols]);
#pragma unroll
    for (int i = 0; i < TM; ++i)
#pragma unroll
      for (int j = 0; j < TN; ++j) acc[i][j] = num::fma(a[i / W].v[i % W], b[j / W].v[j % W], acc[i][j]);
  }
}

/// Adds a chunk, acc[TM, TN], to the sum of those before, in C or in this block's part. W rows at a time, so
/// that their loads overlap.
template <class S, class T>
__device__ inline void add_chunk(const Product<T>& p, const Place<S, T>& place, bool is_first, bool is_last,
    const T (&acc)[S::TM][S::TN]) {
  constexpr int TM = S::TM, TN = S::TN, W = S::W;
  const bool split = p.split > 1;
  T* const to = split ? p.parts + place.part * p.m * p.n : p.c;
#pragma unroll
  for (int i = 0; i < TM; i += W) {
    Group<T> sums[W][TN / W]{};
    if (!is_first)
      place.for_each_group(p, i, [&](std::int64_t at, std::int64_t there, std::int64_t, int r, int j) {
        if (p.wide) {
          sums[r][j / W] = reinterpret_cast<const Group<T>*>(to)[at / W];
        } else {
#pragma unroll
          for (int c = 0; c < W; ++c)
            if (c < there) sums[r][j / W].v[c] = to[at + c];
        }
      });
    place.for_each_group(p, i, [&](std::int64_t at, std::int64_t there, std::int64_t col, int r, int j) {
      Group<T> t = sums[r][j / W];
#pragma unroll
      for (int c = 0; c < W; ++c) t.v[c] = t.v[c] + acc[i + r][j + c];
      if (!split && is_last) add_bias(p, t, col, there);
      store_group(p, to, at, there, t);
    });
  }
}

/// Adds up the parts of a tile, [BM, BN], in the order of k. The last block to finish a tile calls it.
template <class S, class T>
__device__ inline void sum_parts(const Product<T>& p, const Place<S, T>& place) {
  constexpr int BM = S::BM, BN = S::BN, W = S::W;
  for (int e = static_cast<int>(threadIdx.x); e < BM * BN / W; e += S::threads) {
    const std::int64_t row = place.row0 + e / (BN / W), col = place.col0 + e % (BN / W) * W;
    if (row >= p.m || col >= p.n) continue;
    const std::int64_t at = row * p.n + col, there = p.n - col;
    Group<T> t{};
    for (std::int64_t z = 0; z < p.split; ++z)
#pragma unroll
      for (int c = 0; c < W; ++c)
        if (c < there) t.v[c] = t.v[c] + __ldcg(p.parts + z * p.m * p.n + at + c);
    add_bias(p, t, col, there);
    store_group(p, p.c, at, there, t);
  }
}

/// TA: A is contiguous along m, otherwise along k. TB: B is contiguous along k, otherwise along n. Vec: see
/// Carrier.
template <class S, class T, bool TA, bool TB, bool Vec>
__global__ void __launch_bounds__(S::threads, 2) matmul_tiles(const __grid_constant__ Product<T> p) {
  constexpr int BK = S::BK;
  using CarryA = Carrier<T, S::BM, BK, S::threads, S::a_packs, TA, Vec>;
  using CarryB = Carrier<T, S::BN, BK, S::threads, S::b_packs, !TB, Vec>;
  // Two stages: while one is used, the next is filled.
  SIMT_SHARED(as, typename CarryA::Stage[2]);  // [BK, BM]
  SIMT_SHARED(bs, typename CarryB::Stage[2]);  // [BK, BN]
  const Place<S, T> place(p);
  const std::int64_t begin = place.begin, end = place.end;
  CarryA a_in(p.a, p.a_row, p.a_col, place.row0, p.m, begin);
  CarryB b_in(p.b, p.b_col, p.b_row, place.col0, p.n, begin);
  // fetch() loads a step into registers, put() writes it to a stage; `left` values of k are still to come.
  // The arithmetic of a step hides the loads of the next. Small tiles have too little arithmetic for that and
  // fetch earlier, before the barrier. Each was faster on an H200 where it is used.
  constexpr bool early = S::BM * S::BN < 128 * 128;
  const auto fetch = [&](std::int64_t left) {
    if (left < BK) return;
    a_in.fetch();
    b_in.fetch();
    simt::compiler_fence();  // otherwise the loads may sink to put(), which would wait for them
  };
  const auto put = [&](int to, std::int64_t left) {
    if (left >= BK) {
      a_in.put(as[to]);
      b_in.put(bs[to]);
    } else if (left > 0) {
      a_in.bring(as[to], static_cast<int>(left));
      b_in.bring(bs[to], static_cast<int>(left));
    }
  };
  fetch(end - begin);
  put(0, end - begin);
  if constexpr (early) fetch(end - begin - BK);
  __syncthreads();
  int stage = 0;
  T acc[S::TM][S::TN];
  for (std::int64_t c0 = begin; c0 < end; c0 += chain_chunk) {
#pragma unroll
    for (int i = 0; i < S::TM; ++i)
#pragma unroll
      for (int j = 0; j < S::TN; ++j) acc[i][j] = T(0);
    const std::int64_t stop = c0 + chain_chunk < end ? c0 + chain_chunk : end;
#pragma unroll 1
    for (std::int64_t k0 = c0; k0 < stop; k0 += BK) {  // past the end both tiles are 0, which changes no sum
      const std::int64_t left = end - k0 - BK;
      if constexpr (!early) fetch(left);
      multiply_step(as[stage], bs[stage], place, acc);
      put(stage ^ 1, left);
      if constexpr (early) fetch(left - BK);
      __syncthreads();
      stage ^= 1;
    }
    add_chunk(p, place, c0 == begin, stop == end, acc);
  }
  if (p.split > 1 && is_last_block(p.tickets + place.tile, static_cast<unsigned>(p.split)))
    sum_parts(p, place);
}

}  // namespace tenon::kernels::cuda
