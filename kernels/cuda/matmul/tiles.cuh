// Matrix product with register tiles. A block computes a tile of C in steps of BK along k. Steps are copied
// to shared memory while earlier ones are multiplied (feed.cuh), and a thread loads the factors of the next k
// while it multiplies those of the current one. docs/kernels.md says what limits it.
#pragma once
#include <tenon/kernels/arith/math.h>
#include <tenon/kernels/cuda/matmul/raster.h>
#include <tenon/kernels/cuda/matmul/feed.cuh>
#include <tenon/kernels/cuda/matmul/product.cuh>
#include <tenon/kernels/cuda/ticket.cuh>

namespace tenon::kernels::cuda {

/// The tile of C, [BM, BN], of this block, and the elements of it, [TM, TN], of this thread. Element (i, j)
/// is in row m0 + i / W * rows + i % W of the tile; its column is found likewise.
template <class S>
struct Place {
  std::int64_t tile, part;  // the number of the tile in the batch, and of this block's part of k
  std::int64_t item;        // the product, within the batch
  std::int64_t row, col;    // where the block's share of C begins
  std::int64_t row0, col0;  // where its tile starts: the last ones are moved back, to lie in C
  std::int64_t begin, end;  // the range of k that this block sums
  int m0, n0;               // where this thread's elements start in the tile

  __device__ Place(const Product<typename S::Element>& p, unsigned block) {
    const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
    // The bits of a lane are dealt to rows and columns in turn: of four neighbours two share their rows and
    // two their columns, and then the card reads 16 bytes for 16 lanes at once.
    const int top = lane >> 4, even = (lane & 1) | (lane >> 1 & 2), odd = (lane >> 1 & 1) | (lane >> 2 & 2);
    const int lane_m = S::lanes_m == 8 ? odd | top << 2 : odd;
    const int lane_n = S::lanes_n == 8 ? even | top << 2 : even;
    m0 = warp / (S::BN / S::WN) * S::WM + lane_m * S::W;
    n0 = warp % (S::BN / S::WN) * S::WN + lane_n * S::W;
    const unsigned down = static_cast<unsigned>((p.m + S::BM - 1) / S::BM),
                   across = static_cast<unsigned>((p.n + S::BN - 1) / S::BN),
                   split = static_cast<unsigned>(p.split);
    unsigned number = block / split;
    tile = number, part = block % split, item = 0;
    if (p.batch > 1) {
      item = number / (down * across);
      number %= down * across;
    }
    const TileIndex at = tile_in_raster(number, down, across);
    row = std::int64_t{at.row} * S::BM, col = std::int64_t{at.column} * S::BN;
    row0 = p.m >= S::BM && row > p.m - S::BM ? p.m - S::BM : row;
    col0 = p.n >= S::BN && col > p.n - S::BN ? p.n - S::BN : col;
    begin = part * chain_chunk;
    end = split > 1 && begin + chain_chunk < p.k ? begin + chain_chunk : p.k;
  }

  __device__ std::int64_t row_of(int i) const { return row0 + m0 + i / S::W * S::rows + i % S::W; }
  __device__ std::int64_t col_of(int j) const { return col0 + n0 + j / S::W * S::cols + j % S::W; }
};

template <class T>
using Group = Pack<T, pack_width<T>>;

/// A thread's elements of the tile, [TM, TN].
template <class S>
struct Elements {
  using T = typename S::Element;
  Group<T> of[S::groups];

  __device__ T& at(int i, int j) { return of[(i * S::TN + j) / S::W].v[j % S::W]; }
  /// *this = before + *this
  __device__ void add(int g, const Group<T>& before) {
#pragma unroll
    for (int c = 0; c < S::W; ++c) of[g].v[c] = before.v[c] + of[g].v[c];
  }
};

/// Writes the finished tile to C, with the bias.
template <class S, class T>
__device__ inline void write_tile(const Product<T>& p, const Place<S>& place, const Elements<S>& sums) {
  constexpr int W = S::W, per_row = S::TN / W;
  Group<T> bias[per_row]{};
  if (p.bias)
#pragma unroll
    for (int j = 0; j < S::TN; ++j)
      if (place.col_of(j) < p.n) bias[j / W].v[j % W] = p.bias[place.col_of(j)];
#pragma unroll
  for (int g = 0; g < S::groups; ++g) {
    const std::int64_t row = place.row_of(g / per_row), col = place.col_of(g % per_row * W);
    if (row < place.row || row >= p.m) continue;
    Group<T> v = sums.of[g];
    if (p.bias)
#pragma unroll
      for (int c = 0; c < W; ++c) v.v[c] = v.v[c] + bias[g % per_row].v[c];
    T* const to = p.c + (place.item * p.m + row) * p.n;
    if (p.wide) {
      if (col >= place.col && col < p.n) reinterpret_cast<Group<T>*>(to)[col / W] = v;
    } else {
#pragma unroll
      for (int c = 0; c < W; ++c)
        if (col + c >= place.col && col + c < p.n) to[col + c] = v.v[c];
    }
  }
}

/// Loads a group that another block wrote.
__device__ inline Group<float> load_part(const float* p) {
  const float4 v = __ldcg(reinterpret_cast<const float4*>(p));
  return {v.x, v.y, v.z, v.w};
}
__device__ inline Group<double> load_part(const double* p) {
  const double2 v = __ldcg(reinterpret_cast<const double2*>(p));
  return {v.x, v.y};
}

/// Writes this block's part of a tile to p.parts. The last block to do so gets the sum of all parts, in the
/// order of k, and true.
template <class S, class T>
__device__ inline bool join_parts(const Product<T>& p, const Place<S>& place, Elements<S>& sums) {
  constexpr int W = S::W, together = S::keeps_sums ? 4 : 2, ahead = 8;  // loads in flight
  T* const parts = p.parts + place.tile * p.split * S::groups * S::threads * W;
  const auto group = [&](std::int64_t part, int g) {
    return parts + ((part * S::groups + g) * S::threads + static_cast<int>(threadIdx.x)) * W;
  };
#pragma unroll
  for (int g = 0; g < S::groups; ++g) *reinterpret_cast<Group<T>*>(group(place.part, g)) = sums.of[g];
  if (!is_last_block(p.tickets + place.tile, static_cast<unsigned>(p.split))) return false;
#pragma unroll
  for (int g0 = 0; g0 < S::groups; g0 += together) {
#pragma unroll
    for (int g = g0; g < g0 + together; ++g) sums.of[g] = {};
    for (std::int64_t z = 0; z < p.split; z += ahead) {
      Group<T> part[ahead][together];
#pragma unroll
      for (int c = 0; c < ahead; ++c)
#pragma unroll
        for (int g = 0; g < together; ++g)
          part[c][g] = z + c < p.split ? load_part(group(z + c, g0 + g)) : Group<T>{};
#pragma unroll
      for (int c = 0; c < ahead; ++c)
#pragma unroll
        for (int g = 0; g < together; ++g)
#pragma unroll
          for (int e = 0; e < W; ++e) sums.of[g0 + g].v[e] = sums.of[g0 + g].v[e] + part[c][g].v[e];
    }
  }
  return true;
}

/// What a block keeps in shared memory.
template <class S>
struct TileMemory {
  using T = typename S::Element;
  struct {
    alignas(16) T a[S::BK][S::BM + S::W];
    alignas(16) T b[S::BK][S::BN + S::W];
  } stages[S::stages];
  Group<T> sums[S::keeps_sums ? 1 : S::groups][S::keeps_sums ? 1 : S::threads];
};

/// TA: A is contiguous along m, otherwise along k. TB: B is contiguous along k, otherwise along n. Vec: see
/// Feed.
template <class S, class T, bool TA, bool TB, bool Vec>
__global__ void __launch_bounds__(S::threads, S::blocks) matmul_tiles(const __grid_constant__ Product<T> p) {
  constexpr int BK = S::BK, TM = S::TM, TN = S::TN, W = S::W;
  SIMT_SHARED_AT_LAUNCH(shared, TileMemory<S>);
  const Place<S> place(p, blockIdx.x);
  std::int64_t offset[2] = {0, 0};
  if (p.batch > 1) p.items.at(static_cast<unsigned>(place.item), offset);
  Feed<T, S::BM, BK, S::threads, TA, Vec> a_in(
      p.a + offset[0], p.a_row, p.a_col, place.row0, p.m, place.begin);
  Feed<T, S::BN, BK, S::threads, !TB, Vec> b_in(
      p.b + offset[1], p.b_col, p.b_row, place.col0, p.n, place.begin);
  // Steps that are not yet fetched: those that exist in full, and the values of k that then remain.
  const bool whole = p.m - place.row0 >= S::BM && p.n - place.col0 >= S::BN;
  std::int64_t full = whole ? (place.end - place.begin) / BK : 0;
  std::int64_t left = place.end - place.begin - full * BK;
  const auto fetch = [&](int stage) {
    if (full > 0) {
      a_in.fetch(shared.stages[stage].a);
      b_in.fetch(shared.stages[stage].b);
      --full;
    } else if (left > 0) {
      a_in.fetch_part(shared.stages[stage].a, left);
      b_in.fetch_part(shared.stages[stage].b, left);
      left -= BK;
    }
    simt::commit_copies();
  };
  int stage = 0;  // the one that is read; the stages are a ring
  Group<T> a[2][TM / W], b[2][TN / W];
  const auto load = [&](int k) {
#pragma unroll
    for (int i = 0; i < TM / W; ++i)
      a[k % 2][i] = *reinterpret_cast<const Group<T>*>(&shared.stages[stage].a[k][place.m0 + i * S::rows]);
#pragma unroll
    for (int j = 0; j < TN / W; ++j)
      b[k % 2][j] = *reinterpret_cast<const Group<T>*>(&shared.stages[stage].b[k][place.n0 + j * S::cols]);
  };
#pragma unroll
  for (int s = 0; s < S::stages; ++s) fetch(s);
  simt::wait_for_copies<S::stages - 1>();
  __syncthreads();
  load(0);
  Elements<S> acc, sums;  // sums: not used unless S::keeps_sums
  for (std::int64_t c0 = place.begin; c0 < place.end; c0 += chain_chunk) {
#pragma unroll
    for (int g = 0; g < S::groups; ++g) acc.of[g] = {};
    const bool is_first = c0 == place.begin, is_last = c0 + chain_chunk >= place.end;
    const int length = static_cast<int>(is_last ? place.end - c0 : chain_chunk);
    // Past the end both operands are 0, which changes no sum.
#pragma unroll 1
    for (int steps = (length + BK - 1) / BK; steps > 0; --steps) {
#pragma unroll
      for (int k = 0; k < BK; ++k) {
        if (k < BK - 1) {
          load(k + 1);
        } else {
          // The next stage is there, and everybody has read this one, which can be filled again.
          simt::wait_for_copies<S::stages - 2>();
          __syncthreads();
          const int done = stage;
          stage = stage + 1 == S::stages ? 0 : stage + 1;
          load(0);
          fetch(done);
        }
#pragma unroll
        for (int i = 0; i < TM; ++i)
#pragma unroll
          for (int n = 0; n < TN; ++n) {
            const int j = i % 2 ? TN - 1 - n : n;  // neighbours share a factor, which is read once
            acc.at(i, j) = num::fma(a[k % 2][i / W].v[i % W], b[k % 2][j / W].v[j % W], acc.at(i, j));
          }
      }
    }
    // t = t + p, where t is +0 before the first chunk.
#pragma unroll
    for (int g = 0; g < S::groups; ++g) {
      Group<T>& kept = S::keeps_sums ? sums.of[g] : shared.sums[S::keeps_sums ? 0 : g][threadIdx.x];
      acc.add(g, is_first ? Group<T>{} : kept);
      if (!is_last) kept = acc.of[g];
    }
  }
  if (p.split == 1 || join_parts(p, place, acc)) write_tile(p, place, acc);
}

}  // namespace tenon::kernels::cuda
