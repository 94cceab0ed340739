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
enum class Sums { registers, shared };

/// A block computes a tile of C, [BM, BN], in steps of BK along k, `Stages` - 1 of which are on their way;
/// each of its warps [WM, WN] of that, and each thread [TM, TN]. A multiprocessor has `Blocks` of them.
template <int BM_, int BN_, int BK_, int WM_, int WN_, int TM_, int TN_, int Stages_, int Blocks_, Sums Sums_, bool Late_ = false>
struct Pipe {
  static constexpr int BM = BM_, BN = BN_, BK = BK_, WM = WM_, WN = WN_, TM = TM_, TN = TN_;
  static constexpr int stages = Stages_, blocks = Blocks_, threads = 32 * (BM / WM) * (BN / WN);
  static constexpr Sums sums = Sums_;
  static constexpr int lanes_m = WM / TM, lanes_n = WN / TN;
  static constexpr int rows = 4 * lanes_m, cols = 4 * lanes_n;  // between a thread's groups of four
  static constexpr int quads = BK / 4, groups = TM / 4;         // groups of four rows
  /// How many values of k of an operand across are loaded in advance; the others are loaded when the first is
  /// multiplied, so that fewer loads come together after a barrier.
  static constexpr int ahead = Late_ ? 1 : 4;
  static_assert(lanes_m * lanes_n == 32 && (lanes_m == 4 || lanes_m == 8) && TM % 4 == 0 && TN % 4 == 0);
  static_assert(quads % 2 == 0 && chain_chunk % BK == 0 && stages >= 3);

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
  std::int64_t row0, col0;  // where the tile starts in C: the last ones are moved back, to lie in C
  std::int64_t row, col;    // where what it is to store begins
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
    row = std::int64_t{first + inside % height} * S::BM, col = std::int64_t{inside / height} * S::BN;
    row0 = p.m >= S::BM && row > p.m - S::BM ? p.m - S::BM : row;
    col0 = p.n >= S::BN && col > p.n - S::BN ? p.n - S::BN : col;
    begin = part * chain_chunk;
    end = split > 1 && begin + chain_chunk < p.k ? begin + chain_chunk : p.k;
  }

  __device__ std::int64_t row_of(int i) const { return row0 + m0 + i / 4 * S::rows + i % 4; }
  __device__ std::int64_t col_of(int j) const { return col0 + n0 + j / 4 * S::cols + j % 4; }
};

/// A thread's elements of the tile, [TM, TN], in groups of four of a row.
template <class S>
struct Elements {
  static constexpr int groups = S::TM * S::TN / 4;
  Quad of[groups];

  __device__ float& at(int i, int j) { return of[(i * S::TN + j) / 4].v[j % 4]; }
  /// *this = before + *this
  __device__ void add(int g, const Quad& before) {
#pragma unroll
    for (int c = 0; c < 4; ++c) of[g].v[c] = before.v[c] + of[g].v[c];
  }
};

/// Writes the finished tile to C, with the bias.
template <class S>
__device__ inline void write_c(const Product<float>& p, const Spot<S>& spot, const Elements<S>& acc) {
  constexpr int per_row = S::TN / 4;
  Quad bias[per_row]{};
  if (p.bias)
#pragma unroll
    for (int j = 0; j < S::TN; ++j)
      if (spot.col_of(j) < p.n) bias[j / 4].v[j % 4] = p.bias[spot.col_of(j)];
#pragma unroll
  for (int g = 0; g < acc.groups; ++g) {
    const std::int64_t row = spot.row_of(g / per_row), col = spot.col_of(g % per_row * 4);
    if (row < spot.row || row >= p.m) continue;
    Quad v = acc.of[g];
    if (p.bias)
#pragma unroll
      for (int c = 0; c < 4; ++c) v.v[c] = v.v[c] + bias[g % per_row].v[c];
    float* const to = p.c + row * p.n;
    if (p.wide) {
      if (col >= spot.col && col < p.n) reinterpret_cast<Quad*>(to)[col / 4] = v;
    } else {
#pragma unroll
      for (int c = 0; c < 4; ++c)
        if (col + c >= spot.col && col + c < p.n) to[col + c] = v.v[c];
    }
  }
}

/// Writes a part of the tile to p.parts, [tiles, split, groups, threads] packs. The last block to do so gets the
/// sum of all parts, in the order of k, and true.
template <class S>
__device__ inline bool join_parts(const Product<float>& p, const Spot<S>& spot, Elements<S>& acc) {
  constexpr int groups = Elements<S>::groups, together = groups < 4 ? groups : 4, ahead = 4;
  float4* const parts = reinterpret_cast<float4*>(p.parts) + spot.tile * p.split * groups * S::threads + threadIdx.x;
  const auto place = [&](std::int64_t part, int g) { return parts + (part * groups + g) * S::threads; };
#pragma unroll
  for (int g = 0; g < groups; ++g)
    *place(spot.part, g) = {acc.of[g].v[0], acc.of[g].v[1], acc.of[g].v[2], acc.of[g].v[3]};
  if (!is_last_block(p.tickets + spot.tile, static_cast<unsigned>(p.split))) return false;
#pragma unroll
  for (int g0 = 0; g0 < groups; g0 += together) {
    Quad sums[together]{};
    for (std::int64_t z = 0; z < p.split; z += ahead) {
      float4 part[ahead][together];
#pragma unroll
      for (int c = 0; c < ahead; ++c)
#pragma unroll
        for (int g = 0; g < together; ++g)
          part[c][g] = z + c < p.split ? __ldcg(place(z + c, g0 + g)) : float4{0, 0, 0, 0};
#pragma unroll
      for (int c = 0; c < ahead; ++c)
#pragma unroll
        for (int g = 0; g < together; ++g) {
          const float4 x = part[c][g];
          Quad& t = sums[g];
          t = {t.v[0] + x.x, t.v[1] + x.y, t.v[2] + x.z, t.v[3] + x.w};
        }
    }
#pragma unroll
    for (int g = 0; g < together; ++g) acc.of[g0 + g] = sums[g];
  }
  return true;
}

/// TA: A is contiguous along m, otherwise along k. TB: B is contiguous along k, otherwise along n. Vec: see
/// Feed.
template <class S, bool TA, bool TB, bool Vec>
__global__ void __launch_bounds__(S::threads, S::blocks) matmul_pipeline(const __grid_constant__ Product<float> p) {
  constexpr int BK = S::BK, TN = S::TN, quads = S::quads, groups = S::groups, slots = quads * groups;
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
  // Four rows or columns by four values of k; a thread multiplies groups x 1 and TN / 4 of them per quad.
  Square<StageA, S::BM, BK, !TA> a[2];
  Square<StageB, S::BN, BK, TB> b[2][TN / 4];
  constexpr int a_ahead = TA ? S::ahead : 4, b_ahead = TB ? 4 : S::ahead;
  const auto load_a = [&](int slot) {
    a[slot % 2].load(a_from + StageA::place(slot % groups * S::rows, slot / groups * 4), 0, a_ahead);
  };
  const auto load_b = [&](int quad) {
#pragma unroll
    for (int j = 0; j < TN / 4; ++j)
      b[quad % 2][j].load(b_from + StageB::place(j * S::cols, quad * 4), 0, b_ahead);
  };
  const auto load_rest = [&](int slot) {
    const int quad = slot / groups;
    a[slot % 2].load(a_from + StageA::place(slot % groups * S::rows, quad * 4), a_ahead, 4);
    if (slot % groups != 0) return;
#pragma unroll
    for (int j = 0; j < TN / 4; ++j)
      b[quad % 2][j].load(b_from + StageB::place(j * S::cols, quad * 4), b_ahead, 4);
  };
#pragma unroll
  for (int s = 0; s < S::stages - 1; ++s) fetch();
  simt::wait_for_copies<S::stages - 2>();
  __syncthreads();
  Elements<S> acc, sums;  // sums: not used unless S::sums says so
  for (std::int64_t c0 = spot.begin; c0 < spot.end; c0 += chain_chunk) {
#pragma unroll
    for (int g = 0; g < acc.groups; ++g) acc.of[g] = {};
    load_a(0);
    load_b(0);
    const bool is_first = c0 == spot.begin, is_last = c0 + chain_chunk >= spot.end;
    const int length = is_last ? static_cast<int>(spot.end - c0) : static_cast<int>(chain_chunk);
    // Past the end both operands are 0, which changes no sum.
#pragma unroll 1
    for (int steps = (length + BK - 1) / BK; steps > 0; --steps) {
#pragma unroll
      for (int slot = 0; slot < slots; ++slot) {
        load_rest(slot);
        // The last slot loads from the next stage. Since everybody is past the barrier, nobody reads the stage of
        // the step before.
        if (slot == slots - 1) {
          simt::wait_for_copies<S::stages - 3>();
          __syncthreads();
          const int move = read == last ? -last * size : size;
          read = read == last ? 0 : read + 1;
          a_from += move;
          b_from += move;
          fetch();
        }
        load_a((slot + 1) % slots);
        if ((slot + 1) % groups == 0) load_b((slot / groups + 1) % quads);
#pragma unroll
        for (int k = 0; k < 4; ++k)
#pragma unroll
          for (int i = 0; i < 4; ++i)
#pragma unroll
            for (int n = 0; n < TN; ++n) {
              const int j = i % 2 ? TN - 1 - n : n;  // neighbours share a factor, which is read once
              float& sum = acc.at(slot % groups * 4 + i, j);
              sum = num::fma(a[slot % 2].at(i, k), b[slot / groups % 2][j / 4].at(j % 4, k), sum);
            }
      }
    }
    // t = t + p, where t is +0 before the first chunk.
#pragma unroll
    for (int g = 0; g < acc.groups; ++g) {
      Quad& kept = S::sums == Sums::shared ? shared.sums[g][threadIdx.x] : sums.of[g];
      acc.add(g, is_first ? Quad{} : kept);
      if (!is_last) kept = acc.of[g];
    }
  }
  if (p.split == 1 || join_parts(p, spot, acc)) write_c(p, spot, acc);
}

}  // namespace tenon::kernels::cuda
