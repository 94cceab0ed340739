// The matrix product in order CHAIN (docs/numerics.md section 2). Two kernels: one with register tiles, in
// which a block computes a tile of C, and one with a thread an element, for products too small to tile. One
// column is order R: a reduction (reduce.cu).
#include <cstdlib>

#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/cuda/offsets.h>
#include <tenon/kernels/elementwise.h>
#include <tenon/kernels/math.h>
#include <tenon/kernels/matmul.h>
#include <tenon/kernels/reduce.h>
#include <tenon/kernels/cuda/pack.cuh>
#include <tenon/kernels/cuda/ticket.cuh>

namespace tenon::kernels::cuda {
namespace {

constexpr std::int64_t chain_chunk = 512;  // part of the arithmetic

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
  std::int64_t split;  // blocks that share a tile, one a chunk; or 1
  T* parts;            // [split][m][n]
  unsigned* tickets;
};

/// A block's tile of C is BM x BN, its step BK deep; a thread computes TM x TN of it, in groups of one
/// 16-byte load, so that a warp's loads of shared memory are wide and without conflicts.
template <class T, int BM_, int BN_, int BK_, int TM_, int TN_>
struct Tile {
  static constexpr int BM = BM_, BN = BN_, BK = BK_, TM = TM_, TN = TN_;
  static constexpr int W = pack_width<T>, threads = (BM / TM) * (BN / TN);
  static constexpr int a_packs = BM * BK / W / threads, b_packs = BN * BK / W / threads;
  static_assert(TM % W == 0 && TN % W == 0 && a_packs >= 1 && b_packs >= 1 && chain_chunk % BK == 0);
};

/// W elements of a matrix, `valid` of them there, the rest +0.
template <bool Vec, class T, int W = pack_width<T>>
__device__ inline Pack<T, W> load_pack(const T* p, std::int64_t step, std::int64_t valid) {
  if constexpr (Vec)
    if (valid >= W) return *reinterpret_cast<const Pack<T, W>*>(p);
  Pack<T, W> pack;
#pragma unroll
  for (int i = 0; i < W; ++i) pack.v[i] = i < valid ? p[i * step] : T(0);
  return pack;
}

/// Where a thread finds pack number `at` of a tile of `wide` x BK: its place across the tile, and its depth.
/// `Across`: the pack lies across the tile, as it will in shared memory; else it lies along k.
template <bool Across, int Wide, int BK, int W>
__device__ inline void place(int at, int& across, int& deep) {
  across = Across ? at % (Wide / W) * W : at / (BK / W);
  deep = Across ? at / (Wide / W) : at % (BK / W) * W;
}

/// TA: A is stored with neighbours in m together, else in k; TB: B with neighbours in k, else in n. With Vec
/// the neighbours are 1 apart, lines are multiples of W apart, and all begins aligned.
template <class S, class T, bool TA, bool TB, bool Vec>
__global__ void __launch_bounds__(S::threads, 1) matmul_tiles(const __grid_constant__ Product<T> p) {
  constexpr int BM = S::BM, BN = S::BN, BK = S::BK, TM = S::TM, TN = S::TN, W = S::W;
  // Two stages: while one is used, the next is filled. A row more by one load spreads columns over the banks.
  SIMT_SHARED(as, T[2][BK][BM + W]);
  SIMT_SHARED(bs, T[2][BK][BN + W]);
  const int tid = static_cast<int>(threadIdx.x), ty = tid / (BN / TN), tx = tid % (BN / TN);
  const std::int64_t across = (p.n + BN - 1) / BN, tile = blockIdx.x / p.split, part = blockIdx.x % p.split;
  const std::int64_t row0 = tile / across * BM, col0 = tile % across * BN;
  const bool split = p.split > 1;
  const std::int64_t begin = part * chain_chunk;
  const std::int64_t end = split && begin + chain_chunk < p.k ? begin + chain_chunk : p.k;

  // The packs of the next step wait in registers while the present one is used.
  Pack<T, W> ra[S::a_packs], rb[S::b_packs];
  const auto fetch = [&](std::int64_t k0) {
#pragma unroll
    for (int q = 0; q < S::a_packs; ++q) {
      int i, k;
      place<TA, BM, BK, W>(q * S::threads + tid, i, k);
      const std::int64_t row = row0 + i, deep = k0 + k;
      const std::int64_t valid = TA ? (deep < end ? p.m - row : 0) : (row < p.m ? end - deep : 0);
      ra[q] = load_pack<Vec>(p.a + row * p.a_row + deep * p.a_col, TA ? p.a_row : p.a_col, valid);
    }
#pragma unroll
    for (int q = 0; q < S::b_packs; ++q) {
      int j, k;
      place<!TB, BN, BK, W>(q * S::threads + tid, j, k);
      const std::int64_t col = col0 + j, deep = k0 + k;
      const std::int64_t valid = TB ? (col < p.n ? end - deep : 0) : (deep < end ? p.n - col : 0);
      rb[q] = load_pack<Vec>(p.b + deep * p.b_row + col * p.b_col, TB ? p.b_row : p.b_col, valid);
    }
  };
  const auto put = [&](int stage) {
#pragma unroll
    for (int q = 0; q < S::a_packs; ++q) {
      int i, k;
      place<TA, BM, BK, W>(q * S::threads + tid, i, k);
      if constexpr (TA) {
        *reinterpret_cast<Pack<T, W>*>(&as[stage][k][i]) = ra[q];
      } else {
#pragma unroll
        for (int c = 0; c < W; ++c) as[stage][k + c][i] = ra[q].v[c];
      }
    }
#pragma unroll
    for (int q = 0; q < S::b_packs; ++q) {
      int j, k;
      place<!TB, BN, BK, W>(q * S::threads + tid, j, k);
      if constexpr (!TB) {
        *reinterpret_cast<Pack<T, W>*>(&bs[stage][k][j]) = rb[q];
      } else {
#pragma unroll
        for (int c = 0; c < W; ++c) bs[stage][k + c][j] = rb[q].v[c];
      }
    }
  };
  // This thread's elements of C, W neighbours at a time: f(offset, how many there are, their column, i, j).
  const auto each = [&](const auto& f) {
#pragma unroll
    for (int i = 0; i < TM; ++i) {
      const std::int64_t row = row0 + i / W * (BM / (TM / W)) + ty * W + i % W;
#pragma unroll
      for (int j = 0; j < TN; j += W) {
        const std::int64_t col = col0 + j / W * (BN / (TN / W)) + tx * W;
        if (row < p.m && col < p.n) f(row * p.n + col, p.n - col, col, i, j);
      }
    }
  };
  const auto store = [&](T* to, std::int64_t at, std::int64_t there, const Pack<T, W>& v) {
    if (p.wide) {
      reinterpret_cast<Pack<T, W>*>(to)[at / W] = v;
    } else {
#pragma unroll
      for (int c = 0; c < W; ++c)
        if (c < there) to[at + c] = v.v[c];
    }
  };
  const auto with_bias = [&](Pack<T, W>& v, std::int64_t col, std::int64_t there) {
    if (!p.bias) return;
#pragma unroll
    for (int c = 0; c < W; ++c)
      if (c < there) v.v[c] = v.v[c] + p.bias[col + c];
  };

  T acc[TM][TN];
  fetch(begin);
  put(0);
  __syncthreads();
  int stage = 0;
  for (std::int64_t c0 = begin; c0 < end; c0 += chain_chunk) {
#pragma unroll
    for (int i = 0; i < TM; ++i)
#pragma unroll
      for (int j = 0; j < TN; ++j) acc[i][j] = T(0);
    const std::int64_t stop = c0 + chain_chunk < end ? c0 + chain_chunk : end;
    for (std::int64_t k0 = c0; k0 < stop; k0 += BK) {  // zeros in both tiles past the end change no sum
      const bool more = k0 + BK < end;
      if (more) fetch(k0 + BK);
#pragma unroll
      for (int k = 0; k < BK; ++k) {
        T a[TM], b[TN];
#pragma unroll
        for (int i = 0; i < TM; i += W) {
          const auto v =
              *reinterpret_cast<const Pack<T, W>*>(&as[stage][k][i / W * (BM / (TM / W)) + ty * W]);
#pragma unroll
          for (int c = 0; c < W; ++c) a[i + c] = v.v[c];
        }
#pragma unroll
        for (int j = 0; j < TN; j += W) {
          const auto v =
              *reinterpret_cast<const Pack<T, W>*>(&bs[stage][k][j / W * (BN / (TN / W)) + tx * W]);
#pragma unroll
          for (int c = 0; c < W; ++c) b[j + c] = v.v[c];
        }
#pragma unroll
        for (int i = 0; i < TM; ++i)
#pragma unroll
          for (int j = 0; j < TN; ++j) acc[i][j] = num::fma(a[i], b[j], acc[i][j]);
      }
      if (more) put(stage ^ 1);
      __syncthreads();
      stage ^= 1;
    }
    T* const to = split ? p.parts + part * p.m * p.n : p.c;
    each([&](std::int64_t at, std::int64_t there, std::int64_t col, int i, int j) {
      Pack<T, W> t{};  // what the chunks before have come to
      if (c0 != begin)
        t = p.wide ? *reinterpret_cast<const Pack<T, W>*>(to + at) : load_pack<false>(to + at, 1, there);
#pragma unroll
      for (int c = 0; c < W; ++c) t.v[c] = t.v[c] + acc[i][j + c];
      if (!split && stop == end) with_bias(t, col, there);
      store(to, at, there, t);
    });
  }
  if (!split || !is_last_block(p.tickets + tile, static_cast<unsigned>(p.split))) return;
  each([&](std::int64_t at, std::int64_t there, std::int64_t col, int, int) {
    Pack<T, W> t{};
    for (std::int64_t z = 0; z < p.split; ++z)
#pragma unroll
      for (int c = 0; c < W; ++c)
        if (c < there) t.v[c] = t.v[c] + __ldcg(p.parts + z * p.m * p.n + at + c);
    with_bias(t, col, there);
    store(p.c, at, there, t);
  });
}

/// A thread an element, with one chunk at most.
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
  check(blocks <= most_items, "matmul: {} blocks are more than a CUDA device takes", blocks);
  const Scratch parts(stream, p.split > 1 ? static_cast<std::size_t>(p.split * p.m * p.n) * sizeof(T) : 0);
  p.parts = parts.template as<T>();
  p.tickets = tenon::cuda::tickets(stream);
  // Neighbours are those along the smaller stride.
  const bool ta = std::abs(p.a_row) < std::abs(p.a_col), tb = std::abs(p.b_row) < std::abs(p.b_col);
  const bool vec = (ta ? packs(p.a, p.a_row, p.a_col) : packs(p.a, p.a_col, p.a_row)) &&
                   (tb ? packs(p.b, p.b_row, p.b_col) : packs(p.b, p.b_col, p.b_row));
  choose(ta, [&](auto a) {
    choose(tb, [&](auto b) {
      choose(vec, [&](auto v) {
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
  if constexpr (std::is_same_v<T, float>)
    if (tiles_of(p.m, p.n, 128, 128) >= tenon::cuda::multiprocessors(stream))
      return launch_tiles<Tile<T, 128, 128, 8, 8, 8>>(stream, p);
  launch_tiles<Tile<T, 64, 64, 64 / sizeof(T), 4, 4>>(stream, p);
}

}  // namespace

void matmul(Stream stream, DType dtype, void* out, const Matrix& a, const Matrix& b, const void* bias) {
  if (b.cols == 1 && a.cols > 16) {
    const Strides left{a.row_stride, a.col_stride}, right{0, b.row_stride};
    return reduce(stream, Reduce::product, dtype, {a.rows, a.cols}, 0b10, out, {a.data, left},
        {b.data, right}, 1, bias);
  }
  floating(dtype, [&]<class T>(std::type_identity<T>) {
    run(stream, static_cast<T*>(out), a, b, static_cast<const T*>(bias));
  });
}

}  // namespace tenon::kernels::cuda
