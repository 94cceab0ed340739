// The matrix product in order CHAIN (docs/numerics.md section 2). Two kernels: one with register tiles, in
// which a block computes a tile of C, and one with a thread per element, for products too small to tile. One
// column is order R: a reduction (reduce.cu).
#include <cstdlib>

#include <tenon/kernels/arith/math.h>
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/cuda/offsets.h>
#include <tenon/kernels/matmul.h>
#include <tenon/kernels/reduce.h>
#include <tenon/kernels/cuda/pack.cuh>
#include <tenon/kernels/cuda/ticket.cuh>

namespace tenon::kernels::cuda {
namespace {

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
  bool wide;           // every row of C begins aligned
  const T* bias;       // or null
  std::int64_t split;  // blocks that share a tile, one per chunk; or 1
  T* parts;            // [split][m][n]
  unsigned* tickets;
};

/// A block computes a tile of C, BM x BN, in steps of BK along k; each of its warps WM x WN of that; a thread
/// TM x TN, in groups of W that a 16-byte load brings. The lanes of a warp take neighbouring groups, so that
/// what they read of shared memory is one line of either tile.
template <class T, int BM_, int BN_, int BK_, int WM_, int WN_, int TM_, int TN_>
struct Tile {
  static constexpr int BM = BM_, BN = BN_, BK = BK_, WM = WM_, WN = WN_, TM = TM_, TN = TN_;
  static constexpr int W = pack_width<T>, threads = 32 * (BM / WM) * (BN / WN);
  static constexpr int lanes_m = WM / TM, lanes_n = WN / TN;
  static constexpr int a_packs = BM * BK / W / threads, b_packs = BN * BK / W / threads;
  static_assert(lanes_m * lanes_n == 32 && TM % W == 0 && TN % W == 0);
  static_assert(a_packs >= 1 && b_packs >= 1 && chain_chunk % BK == 0);
};

/// The lines of one operand, rows of A or columns of B, that a block needs, on their way from memory to its
/// tile in shared memory, [BK][Lines + W]: a row is one pack longer, which spreads a column over the banks.
/// Each thread brings `Packs` packs per step. Across: neighbours in memory are of different lines, as in the
/// tile; else they are along k. With Vec they are 1 apart, lines are multiples of W apart, and all begins
/// aligned.
template <class T, int Lines, int BK, int Threads, int Packs, bool Across, bool Vec>
struct Carrier {
  static constexpr int W = pack_width<T>;
  using Stage = T[BK][Lines + W];

  const T* from[Packs];  // of the next step
  int inside[Packs];     // lines of a pack that the matrix has; the others are read as its last
  std::int64_t line_step, deep_step;
  Pack<T, W> packs[Packs];

  /// Where pack number q of this thread lies in the tile.
  __device__ static int line(int q) {
    const int at = q * Threads + static_cast<int>(threadIdx.x);
    return Across ? at % (Lines / W) * W : at / (BK / W);
  }
  __device__ static int deep(int q) {
    const int at = q * Threads + static_cast<int>(threadIdx.x);
    return Across ? at / (Lines / W) : at % (BK / W) * W;
  }

  /// Lines past the end read the last ones instead: what comes of them is not stored.
  __device__ Carrier(const T* p, std::int64_t along_lines, std::int64_t along_k, std::int64_t first,
      std::int64_t lines, std::int64_t begin)
      : line_step(Vec && Across ? 1 : along_lines), deep_step(Vec && !Across ? 1 : along_k) {
    constexpr int together = Across && Vec ? W : 1;  // cannot be taken apart
#pragma unroll
    for (int q = 0; q < Packs; ++q) {
      const std::int64_t last = lines - together, want = first + line(q), at = want < last ? want : last;
      from[q] = p + at * line_step + (begin + deep(q)) * deep_step;
      inside[q] = lines - at < W ? static_cast<int>(lines - at) : W;
    }
  }

  /// Reads a step into registers, all of which the matrix has.
  __device__ void fetch() {
#pragma unroll
    for (int q = 0; q < Packs; ++q) {
      packs[q] = load<true>(q);
      from[q] += BK * deep_step;
    }
  }

  /// Writes what was fetched to shared memory.
  __device__ void put(Stage& to) const {
#pragma unroll
    for (int q = 0; q < Packs; ++q) put(to, q, packs[q]);
  }

  /// Brings the last step, of which `left` of k are there, the rest +0. Not by way of `packs`: they would be
  /// written in two places, and moves in the loop would wait for the loads.
  __device__ void bring(Stage& to, int left) const {
#pragma unroll
    for (int q = 0; q < Packs; ++q) put(to, q, load<false>(q, left));
  }

 private:
  template <bool Whole>
  __device__ Pack<T, W> load(int q, int left = BK) const {
    if constexpr (Vec)
      if (Whole || left - deep(q) >= (Across ? 1 : W)) return *reinterpret_cast<const Pack<T, W>*>(from[q]);
    Pack<T, W> pack;
    const T* at = from[q];
#pragma unroll
    for (int c = 0; c < W; ++c) {
      pack.v[c] = Whole || deep(q) + (Across ? 0 : c) < left ? *at : T(0);
      if (!Across || c + 1 < inside[q]) at += Across ? line_step : deep_step;
    }
    return pack;
  }

  __device__ static void put(Stage& to, int q, const Pack<T, W>& pack) {
    if constexpr (Across) {
      *reinterpret_cast<Pack<T, W>*>(&to[deep(q)][line(q)]) = pack;
    } else {
#pragma unroll
      for (int c = 0; c < W; ++c) to[deep(q) + c][line(q)] = pack.v[c];
    }
  }
};

/// TA: A is stored with neighbours in m together, else in k; TB: B with neighbours in k, else in n. Vec: see
/// Carrier.
template <class S, class T, bool TA, bool TB, bool Vec>
__global__ void __launch_bounds__(S::threads, 2) matmul_tiles(const __grid_constant__ Product<T> p) {
  constexpr int BM = S::BM, BN = S::BN, BK = S::BK, TM = S::TM, TN = S::TN, W = S::W;
  using Group = Pack<T, W>;
  // Two stages: while one is used, the next is filled.
  using CarryA = Carrier<T, BM, BK, S::threads, S::a_packs, TA, Vec>;
  using CarryB = Carrier<T, BN, BK, S::threads, S::b_packs, !TB, Vec>;
  SIMT_SHARED(as, typename CarryA::Stage[2]);
  SIMT_SHARED(bs, typename CarryB::Stage[2]);
  const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
  // Element (i, j) of this thread is at row m0 + i / W * rows + i % W of the tile, and likewise its column.
  constexpr int rows = S::WM / (TM / W), cols = S::WN / (TN / W);
  const int m0 = warp / (BN / S::WN) * S::WM + lane / S::lanes_n * W;
  const int n0 = warp % (BN / S::WN) * S::WN + lane % S::lanes_n * W;
  const std::int64_t across = (p.n + BN - 1) / BN, tile = blockIdx.x / p.split, part = blockIdx.x % p.split;
  const std::int64_t row0 = tile / across * BM, col0 = tile % across * BN;
  const bool split = p.split > 1;
  const std::int64_t begin = part * chain_chunk;
  const std::int64_t end = split && begin + chain_chunk < p.k ? begin + chain_chunk : p.k;

  // W rows of this thread's elements, from element row i on: f(offset in C, how many of the group are there,
  // their column, i, j).
  const auto each = [&](int i, const auto& f) {
#pragma unroll
    for (int r = 0; r < W; ++r)
#pragma unroll
      for (int j = 0; j < TN; j += W) {
        const std::int64_t row = row0 + m0 + i / W * rows + r, col = col0 + n0 + j / W * cols;
        if (row < p.m && col < p.n) f(row * p.n + col, p.n - col, col, r, j);
      }
  };
  const auto store = [&](T* to, std::int64_t at, std::int64_t there, const Group& v) {
    if (p.wide) {
      reinterpret_cast<Group*>(to)[at / W] = v;
    } else {
#pragma unroll
      for (int c = 0; c < W; ++c)
        if (c < there) to[at + c] = v.v[c];
    }
  };
  const auto with_bias = [&](Group& v, std::int64_t col, std::int64_t there) {
    if (!p.bias) return;
#pragma unroll
    for (int c = 0; c < W; ++c)
      if (c < there) v.v[c] = v.v[c] + p.bias[col + c];
  };

  CarryA a_in(p.a, p.a_row, p.a_col, row0, p.m, begin);
  CarryB b_in(p.b, p.b_col, p.b_row, col0, p.n, begin);
  T acc[TM][TN];
  // A step, of which `left` of k and more are to come, on its way to registers and from there to a stage.
  // The arithmetic of a step hides the loads of the next. Small tiles have too little of it for that: they
  // fetch earlier, before the barrier. On an H200 each is the faster one where it is used.
  constexpr bool early = BM * BN < 128 * 128;
  const auto fetch = [&](std::int64_t left) {
    if (left < BK) return;
    a_in.fetch();
    b_in.fetch();
    simt::compiler_fence();  // else they may sink to where they are put, and be waited for there
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
  for (std::int64_t c0 = begin; c0 < end; c0 += chain_chunk) {
#pragma unroll
    for (int i = 0; i < TM; ++i)
#pragma unroll
      for (int j = 0; j < TN; ++j) acc[i][j] = T(0);
    const std::int64_t stop = c0 + chain_chunk < end ? c0 + chain_chunk : end;
#pragma unroll 1
    for (std::int64_t k0 = c0; k0 < stop; k0 += BK) {  // zeros in both tiles past the end change no sum
      const std::int64_t left = end - k0 - BK;
      if constexpr (!early) fetch(left);
#pragma unroll
      for (int k = 0; k < BK; ++k) {
        Group a[TM / W], b[TN / W];
#pragma unroll
        for (int i = 0; i < TM / W; ++i) a[i] = *reinterpret_cast<const Group*>(&as[stage][k][m0 + i * rows]);
#pragma unroll
        for (int j = 0; j < TN / W; ++j) b[j] = *reinterpret_cast<const Group*>(&bs[stage][k][n0 + j * cols]);
#pragma unroll
        for (int i = 0; i < TM; ++i)
#pragma unroll
          for (int j = 0; j < TN; ++j) acc[i][j] = num::fma(a[i / W].v[i % W], b[j / W].v[j % W], acc[i][j]);
      }
      put(stage ^ 1, left);
      if constexpr (early) fetch(left - BK);
      __syncthreads();
      stage ^= 1;
    }
    // Adds the chunk to what those before have come to, W rows at a time so that their loads do not wait for
    // one another.
    T* const to = split ? p.parts + part * p.m * p.n : p.c;
#pragma unroll
    for (int i = 0; i < TM; i += W) {
      Group sums[W][TN / W]{};
      if (c0 != begin)
        each(i, [&](std::int64_t at, std::int64_t there, std::int64_t, int r, int j) {
          if (p.wide) {
            sums[r][j / W] = reinterpret_cast<const Group*>(to)[at / W];
          } else {
#pragma unroll
            for (int c = 0; c < W; ++c)
              if (c < there) sums[r][j / W].v[c] = to[at + c];
          }
        });
      each(i, [&](std::int64_t at, std::int64_t there, std::int64_t col, int r, int j) {
        Group t = sums[r][j / W];
#pragma unroll
        for (int c = 0; c < W; ++c) t.v[c] = t.v[c] + acc[i + r][j + c];
        if (!split && stop == end) with_bias(t, col, there);
        store(to, at, there, t);
      });
    }
  }
  if (!split || !is_last_block(p.tickets + tile, static_cast<unsigned>(p.split))) return;
  for (int e = static_cast<int>(threadIdx.x); e < BM * BN / W; e += S::threads) {
    const std::int64_t row = row0 + e / (BN / W), col = col0 + e % (BN / W) * W;
    if (row >= p.m || col >= p.n) continue;
    const std::int64_t at = row * p.n + col, there = p.n - col;
    Group t{};
    for (std::int64_t z = 0; z < p.split; ++z)
#pragma unroll
      for (int c = 0; c < W; ++c)
        if (c < there) t.v[c] = t.v[c] + __ldcg(p.parts + z * p.m * p.n + at + c);
    with_bias(t, col, there);
    store(p.c, at, there, t);
  }
}

/// One thread per element, with one chunk at most.
template <class T>
__global__ void __launch_bounds__(block_threads) matmul_elements(const __grid_constant__ Product<T> p) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; at < p.m * p.n; at += step) {
    const std::int64_t j = at % p.n;
    const T *a = p.a + at / p.n * p.a_row, *b = p.b + j * p.b_col;
    T sum = T(0);
#pragma unroll 8
    for (std::int64_t k = 0; k < p.k; ++k) sum = num::fma(a[k * p.a_col], b[k * p.b_row], sum);
    sum = T(0) + sum;
    p.c[at] = p.bias ? sum + p.bias[j] : sum;
  }
}

// ---- the choice

std::int64_t tiles_of(std::int64_t m, std::int64_t n, std::int64_t bm, std::int64_t bn) {
  return ((m + bm - 1) / bm) * ((n + bn - 1) / bn);
}

/// True when lines of `line` elements, `step` apart, can be read 16 bytes at a time.
template <class T>
bool packs(const T* p, std::int64_t step, std::int64_t line) {
  return step == 1 && line % pack_width<T> == 0 && is_aligned(p);
}

template <class S, class T>
void launch_tiles(Stream stream, Product<T> p) {
  const std::int64_t tiles = tiles_of(p.m, p.n, S::BM, S::BN), chunks = (p.k + chain_chunk - 1) / chain_chunk;
  const bool spare = tiles < tenon::cuda::multiprocessors(stream) && tiles <= tenon::cuda::ticket_count;
  p.split = spare ? chunks : 1;
  const std::int64_t blocks = tiles * p.split;
  check(blocks <= most_items, "matmul: {} blocks exceed the CUDA limit of {}", blocks, most_items);
  const Scratch parts(stream, p.split > 1 ? static_cast<std::size_t>(p.split * p.m * p.n) * sizeof(T) : 0);
  p.parts = parts.template as<T>();
  p.tickets = tenon::cuda::tickets(stream);
  // Neighbours are those along the smaller stride.
  const bool ta = std::abs(p.a_row) < std::abs(p.a_col), tb = std::abs(p.b_row) < std::abs(p.b_col);
  const bool vec = (ta ? packs(p.a, p.a_row, p.a_col) : packs(p.a, p.a_col, p.a_row)) &&
                   (tb ? packs(p.b, p.b_row, p.b_col) : packs(p.b, p.b_col, p.b_row));
  with_bool(ta, [&](auto a) {
    with_bool(tb, [&](auto b) {
      with_bool(vec, [&](auto v) {
        launch({stream, "matmul_tiles", {p.m, p.k, p.n}}, matmul_tiles<S, T, a, b, v>, blocks, S::threads, p);
      });
    });
  });
}

template <class T>
void run(Stream stream, T* out, const Matrix& a, const Matrix& b, const T* bias) {
  const Product<T> p{a.rows, b.cols, a.cols, static_cast<const T*>(a.data), a.row_stride, a.col_stride,
      static_cast<const T*>(b.data), b.row_stride, b.col_stride, out,
      b.cols % pack_width<T> == 0 && is_aligned(out), bias, 1, nullptr, nullptr};
  // A tile would be mostly empty, which pays only where many blocks share a long k.
  constexpr std::int64_t narrow = 16, short_k = 256;
  static_assert(short_k <= chain_chunk);
  if (p.k == 0 || (p.k <= short_k && (p.m <= narrow || p.n <= narrow))) {
    launch({stream, "matmul_elements", {p.m, p.k, p.n}}, matmul_elements<T>,
        blocks_for(stream, p.m * p.n, block_threads), block_threads, p);
    return;
  }
  // The larger a tile, the less is read for each multiply-add, but every multiprocessor needs its share.
  const std::int64_t busy = tenon::cuda::multiprocessors(stream);
  if constexpr (std::is_same_v<T, float>) {
    if (2 * tiles_of(p.m, p.n, 128, 128) >= 3 * busy)
      return launch_tiles<Tile<T, 128, 128, 8, 64, 64, 16, 8>>(stream, p);
    if (tiles_of(p.m, p.n, 64, 64) >= busy) return launch_tiles<Tile<T, 64, 64, 16, 32, 32, 8, 4>>(stream, p);
    launch_tiles<Tile<T, 64, 32, 32, 32, 16, 4, 4>>(stream, p);
  } else {
    launch_tiles<Tile<T, 64, 64, 8, 32, 32, 8, 4>>(stream, p);
  }
}

}  // namespace

void matmul(Stream stream, DType dtype, void* out, const Matrix& a, const Matrix& b, const void* bias) {
  visit_floating("matmul", dtype, [&]<class T>(std::type_identity<T>) {
    if (a.rows == 0 || b.cols == 0) return;
    if (b.cols == 1 && a.cols > arith::longest_chain_of_a_column) {
      const Strides left{a.row_stride, a.col_stride}, right{0, b.row_stride};
      return reduce_with_bias(stream, arith::SumOfProducts(), dtype, {a.rows, a.cols}, 0b10, out,
          {a.data, left}, {b.data, right}, 1, bias);
    }
    run(stream, static_cast<T*>(out), a, b, static_cast<const T*>(bias));
  });
}

}  // namespace tenon::kernels::cuda
