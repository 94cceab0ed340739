// Matrix product with register tiles that are fed by a pipeline of asynchronous copies.
//
// What is new against tiles.cuh: copies go to shared memory directly and several steps ahead (feed.cuh);
// the registers for the next four values of k are loaded while the current four are multiplied, also across
// the barrier between two steps; the sums of earlier chunks need not go through global memory.
// Why it should be faster: of the inner loop's instructions 94 % are multiply-adds, and none waits for memory.
// What limits it: the issue slots. A 16 x 8 tile of a thread needs all its registers, so that a scheduler has
// two warps only; reading shared memory takes half of its bandwidth.
#pragma once
#include <tenon/kernels/arith/math.h>
#include <tenon/kernels/cuda/matmul/feed.cuh>
#include <tenon/kernels/cuda/matmul/product.cuh>
#include <tenon/kernels/cuda/ticket.cuh>

namespace tenon::kernels::cuda {

/// Where the sums of a thread's chunks are while it computes the next one.
enum class Sums { registers, shared, memory };

/// A block computes a tile of C, [BM, BN], in steps of BK along k, `Stages` - 1 of which are on their way;
/// each of its warps [WM, WN] of that, and each thread [TM, TN]. A multiprocessor has `Blocks` of them.
template <int BM_, int BN_, int BK_, int WM_, int WN_, int TM_, int TN_, int Stages_, int Blocks_, Sums Sums_>
struct Pipe {
  static constexpr int BM = BM_, BN = BN_, BK = BK_, WM = WM_, WN = WN_, TM = TM_, TN = TN_;
  static constexpr int stages = Stages_, blocks = Blocks_, threads = 32 * (BM / WM) * (BN / WN);
  static constexpr Sums sums = Sums_;
  static constexpr int lanes_m = WM / TM, lanes_n = WN / TN;
  static constexpr int rows = 4 * lanes_m, cols = 4 * lanes_n;  // between a thread's groups of four
  static constexpr int quads = BK / 4, groups = TM / 4;         // groups of four rows
  static_assert(lanes_m * lanes_n == 32 && (lanes_m == 4 || lanes_m == 8) && TM % 4 == 0 && TN % 4 == 0);
  static_assert(quads % 2 == 0 && chain_chunk % BK == 0 && stages >= 2);

  template <bool TA, bool Vec>
  using FeedA = Feed<BM, BK, threads, !TA, Vec>;
  template <bool TB, bool Vec>
  using FeedB = Feed<BN, BK, threads, TB, Vec>;

  template <bool TA, bool TB, bool Vec>
  struct Shared {
    struct {
      typename FeedA<TA, Vec>::Stage a;
      typename FeedB<TB, Vec>::Stage b;
    } stage[stages];
    Quad sums[Sums_ == Sums::shared ? TM * TN / 4 : 1][Sums_ == Sums::shared ? threads : 1];
  };
};

/// The tile of this block, and the elements of it, [TM, TN], of this thread: element (i, j) is in row
/// m0 + i / 4 * rows + i % 4 of the tile; its column is found likewise.
template <class S>
struct Spot {
  std::int64_t tile, part;  // the number of the tile, and of this block's part of k
  std::int64_t row0, col0;  // where the tile starts in C
  std::int64_t begin, end;  // the range of k that this block sums
  int m0, n0;               // where this thread's elements start in the tile

  __device__ explicit Spot(const Product<float>& p) {
    const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
    // The bits of a lane are dealt to rows and columns in turn: of four neighbours two share their rows and
    // two their columns, and then the card reads 16 bytes for 16 lanes at once.
    const int top = lane >> 4, even = (lane & 1) | (lane >> 1 & 2), odd = (lane >> 1 & 1) | (lane >> 2 & 2);
    const int lane_m = S::lanes_m == 8 ? odd | top << 2 : odd, lane_n = S::lanes_n == 8 ? even | top << 2 : even;
    m0 = warp / (S::BN / S::WN) * S::WM + lane_m * 4;
    n0 = warp % (S::BN / S::WN) * S::WN + lane_n * 4;
    // Blocks that run together have tiles in `band` rows, so that they share what they read.
    constexpr unsigned band = 8;
    const unsigned down = static_cast<unsigned>((p.m + S::BM - 1) / S::BM),
                   across = static_cast<unsigned>((p.n + S::BN - 1) / S::BN),
                   split = static_cast<unsigned>(p.split), number = blockIdx.x / split;
    const unsigned first = number / (band * across) * band, inside = number % (band * across),
                   height = down - first < band ? down - first : band;
    tile = number, part = blockIdx.x % split;
    row0 = std::int64_t{first + inside % height} * S::BM, col0 = std::int64_t{inside / height} * S::BN;
    begin = part * chain_chunk;
    end = split > 1 && begin + chain_chunk < p.k ? begin + chain_chunk : p.k;
  }

  __device__ std::int64_t row(int i) const { return row0 + m0 + i / 4 * S::rows + i % 4; }
  __device__ std::int64_t col(int j) const { return col0 + n0 + j / 4 * S::cols; }
};

/// Reads or writes a group of four, of which `there` elements lie in C or in a part of it.
__device__ inline Quad load_quad(const Product<float>& p, const float* from, std::int64_t at, std::int64_t there) {
  if (p.wide) return reinterpret_cast<const Quad*>(from)[at / 4];
  Quad v{};
#pragma unroll
  for (int c = 0; c < 4; ++c)
    if (c < there) v.v[c] = from[at + c];
  return v;
}
__device__ inline void store_quad(
    const Product<float>& p, float* to, std::int64_t at, std::int64_t there, const Quad& v) {
  if (p.wide) {
    reinterpret_cast<Quad*>(to)[at / 4] = v;
  } else {
#pragma unroll
    for (int c = 0; c < 4; ++c)
      if (c < there) to[at + c] = v.v[c];
  }
}
__device__ inline void add_bias(const Product<float>& p, Quad& v, std::int64_t col, std::int64_t there) {
  if (!p.bias) return;
#pragma unroll
  for (int c = 0; c < 4; ++c)
    if (c < there) v.v[c] = v.v[c] + p.bias[col + c];
}

/// Adds up the parts of a tile in the order of k. The last block to finish a tile calls it.
template <class S>
__device__ inline void sum_parts(const Product<float>& p, const Spot<S>& spot) {
  constexpr int batch = 8;  // loads in flight
  const std::int64_t size = p.m * p.n;
  for (int e = static_cast<int>(threadIdx.x); e < S::BM * S::BN; e += S::threads) {
    const std::int64_t row = spot.row0 + e / S::BN, col = spot.col0 + e % S::BN;
    if (row >= p.m || col >= p.n) continue;
    const float* const from = p.parts + row * p.n + col;
    float t = 0;
    for (std::int64_t z = 0; z < p.split; z += batch) {
      float part[batch];
#pragma unroll
      for (int c = 0; c < batch; ++c) part[c] = z + c < p.split ? __ldcg(from + (z + c) * size) : 0.0f;
#pragma unroll
      for (int c = 0; c < batch; ++c) t = t + part[c];
    }
    p.c[row * p.n + col] = p.bias ? t + p.bias[col] : t;
  }
}

/// TA: A is contiguous along m, otherwise along k. TB: B is contiguous along k, otherwise along n. Vec: see
/// Feed.
template <class S, bool TA, bool TB, bool Vec>
__global__ void __launch_bounds__(S::threads, S::blocks) matmul_pipeline(const __grid_constant__ Product<float> p) {
  constexpr int BK = S::BK, TM = S::TM, TN = S::TN, quads = S::quads, groups = S::groups, slots = quads * groups;
  using FeedA = typename S::template FeedA<TA, Vec>;
  using FeedB = typename S::template FeedB<TB, Vec>;
  using StageA = typename FeedA::Stage;
  using StageB = typename FeedB::Stage;
  SIMT_SHARED_AT_LAUNCH(shared, typename S::template Shared<TA, TB, Vec>);
  const Spot<S> spot(p);
  FeedA a_in(p.a, p.a_row, p.a_col, spot.row0, p.m, spot.begin);
  FeedB b_in(p.b, p.b_col, p.b_row, spot.col0, p.n, spot.begin);
  // Steps that are not yet fetched: those that exist in full, and the values of k that then remain.
  const bool whole = p.m - spot.row0 >= S::BM && p.n - spot.col0 >= S::BN;
  std::int64_t left = spot.end - spot.begin;
  constexpr int most = 1 << 30;
  int full = !whole ? 0 : left / BK < most ? static_cast<int>(left / BK) : most;
  left -= std::int64_t{full} * BK;
  // The stages are a ring; `read` and `write` are where the thread reads and where it brings the next step.
  constexpr int size = sizeof(shared.stage[0]) / sizeof(float), last = S::stages - 1;
  int read = 0, write = 0;
  float *a_to = a_in.place(shared.stage[0].a), *b_to = b_in.place(shared.stage[0].b);
  const float *a_from = shared.stage[0].a.at + StageA::place(spot.m0, 0),
              *b_from = shared.stage[0].b.at + StageB::place(spot.n0, 0);
  const auto fetch = [&] {
    if (full > 0) {
      a_in.fetch(a_to);
      b_in.fetch(b_to);
      --full;
    } else if (left > 0) {
      a_in.fetch_part(a_to, left);
      b_in.fetch_part(b_to, left);
      left -= BK;
    }
    simt::commit_copies();
    const int move = write == last ? -last * size : size;
    write = write == last ? 0 : write + 1;
    a_to += move;
    b_to += move;
  };
  const auto turn = [&] {
    const int move = read == last ? -last * size : size;
    read = read == last ? 0 : read + 1;
    a_from += move;
    b_from += move;
  };
  // Four rows or columns by four values of k; a thread multiplies groups x 1 and TN / 4 of them per quad.
  Square<StageA, S::BM, BK, !TA> a[2];
  Square<StageB, S::BN, BK, TB> b[2][TN / 4];
  const auto load_a = [&](int slot) {
    a[slot % 2].load(a_from + StageA::place(slot % groups * S::rows, slot / groups * 4));
  };
  const auto load_b = [&](int quad) {
#pragma unroll
    for (int j = 0; j < TN / 4; ++j) b[quad % 2][j].load(b_from + StageB::place(j * S::cols, quad * 4));
  };
#pragma unroll
  for (int s = 0; s < S::stages - 1; ++s) fetch();
  simt::wait_for_copies<S::stages - 2>();
  __syncthreads();
  float acc[TM][TN], sums[S::sums == Sums::registers ? TM : 1][TN];
  for (std::int64_t c0 = spot.begin; c0 < spot.end; c0 += chain_chunk) {
#pragma unroll
    for (int i = 0; i < TM; ++i)
#pragma unroll
      for (int j = 0; j < TN; ++j) acc[i][j] = 0;
    const bool is_first = c0 == spot.begin, is_last = c0 + chain_chunk >= spot.end;
    load_a(0);
    load_b(0);
    // Past the end both operands are 0, which changes no sum.
    const int length = is_last ? static_cast<int>(spot.end - c0) : static_cast<int>(chain_chunk);
#pragma unroll 1
    for (int steps = (length + BK - 1) / BK; steps > 0; --steps) {
#pragma unroll
      for (int slot = 0; slot < slots; ++slot) {
        // Loads what the next slot needs; the last one of a step takes it from the next stage.
        if (slot == slots - 1) {
          simt::wait_for_copies<S::stages - 2>();
          __syncthreads();
          turn();
        }
        const int next = (slot + 1) % slots;
        load_a(next);
        if (next % groups == 0) load_b(next / groups);
        if (slot == 0) fetch();  // since the last barrier nobody reads the stage of the step before
#pragma unroll
        for (int k = 0; k < 4; ++k)
#pragma unroll
          for (int i = 0; i < 4; ++i)
#pragma unroll
            for (int j = 0; j < TN; ++j) {
              float& sum = acc[slot % groups * 4 + i][j];
              sum = num::fma(a[slot % 2].at(i, k), b[slot / groups % 2][j / 4].at(j % 4, k), sum);
            }
      }
    }
    // t = t + p, where t is +0 before the first chunk.
    if constexpr (S::sums == Sums::registers) {
#pragma unroll
      for (int i = 0; i < TM; ++i)
#pragma unroll
        for (int j = 0; j < TN; ++j) sums[i][j] = (is_first ? 0.0f : sums[i][j]) + acc[i][j];
      if (!is_last) continue;
    }
    const bool split = p.split > 1;
    float* const to = split ? p.parts + spot.part * p.m * p.n : p.c;
    // Eight packs at a time, so that their loads overlap.
    constexpr int batch = TM < 32 / TN ? TM : 32 / TN;
#pragma unroll
    for (int i0 = 0; i0 < TM; i0 += batch) {
      Quad t[batch][TN / 4]{};
      const auto for_each_group = [&](const auto& f) {
#pragma unroll
        for (int i = 0; i < batch; ++i)
#pragma unroll
          for (int j = 0; j < TN / 4; ++j)
            if (const std::int64_t row = spot.row(i0 + i), col = spot.col(4 * j); row < p.m && col < p.n)
              f(t[i][j], i0 + i, 4 * j, row, col);
      };
      if constexpr (S::sums == Sums::registers) {
#pragma unroll
        for (int i = 0; i < batch; ++i)
#pragma unroll
          for (int j = 0; j < TN; ++j) t[i][j / 4].v[j % 4] = sums[i0 + i][j];
      } else {
        if constexpr (S::sums == Sums::shared) {
          if (!is_first) {
#pragma unroll
            for (int i = 0; i < batch; ++i)
#pragma unroll
              for (int j = 0; j < TN / 4; ++j) t[i][j] = shared.sums[(i0 + i) * (TN / 4) + j][threadIdx.x];
          }
        } else {
          if (!is_first)
            for_each_group([&](Quad& v, int, int, std::int64_t row, std::int64_t col) {
              v = load_quad(p, to, row * p.n + col, p.n - col);
            });
        }
#pragma unroll
        for (int i = 0; i < batch; ++i)
#pragma unroll
          for (int j = 0; j < TN; ++j) t[i][j / 4].v[j % 4] = t[i][j / 4].v[j % 4] + acc[i0 + i][j];
        if constexpr (S::sums == Sums::shared) {
          if (!is_last) {
#pragma unroll
            for (int i = 0; i < batch; ++i)
#pragma unroll
              for (int j = 0; j < TN / 4; ++j) shared.sums[(i0 + i) * (TN / 4) + j][threadIdx.x] = t[i][j];
            continue;
          }
        }
      }
      for_each_group([&](Quad& v, int, int, std::int64_t row, std::int64_t col) {
        if (is_last && !split) add_bias(p, v, col, p.n - col);
        store_quad(p, to, row * p.n + col, p.n - col, v);
      });
    }
  }
  if (p.split > 1 && is_last_block(p.tickets + spot.tile, static_cast<unsigned>(p.split))) sum_parts(p, spot);
}

}  // namespace tenon::kernels::cuda
