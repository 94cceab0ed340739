// The matrix product in order CHAIN (docs/numerics.md section 2): chooses between register tiles (tiles.cuh)
// and, for products too small for tiles, one thread per element (elements.cuh). A product with one column is
// order R, a reduction (reduce/reduce.cu).
#include <array>
#include <cstdio>
#include <cstdlib>

#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/cuda/offsets.h>
#include <tenon/kernels/matmul.h>
#include <tenon/kernels/reduce.h>
#include <tenon/kernels/cuda/matmul/elements.cuh>
#include <tenon/kernels/cuda/matmul/pipeline.cuh>
#include <tenon/kernels/cuda/matmul/tiles.cuh>

namespace tenon::kernels::cuda {
namespace {

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

/// Whether blocks share tiles, one chunk of k each: if each can have a multiprocessor of its own.
bool shares_tiles(std::int64_t tiles, std::int64_t chunks, std::int64_t busy) {
  return chunks > 1 && 2 * tiles <= busy && tiles <= tenon::cuda::ticket_count;
}

/// How long a product takes with tiles of this size, in multiply-adds of a multiprocessor at its peak: all wait for
/// the one with the most blocks. `rate`: the share of the peak that such tiles reach.
double estimate(const Product<float>& p, std::int64_t busy, std::int64_t bm, std::int64_t bn, double rate) {
  const std::int64_t tiles = tiles_of(p.m, p.n, bm, bn), chunks = (p.k + chain_chunk - 1) / chain_chunk;
  const bool shared = shares_tiles(tiles, chunks, busy);
  const std::int64_t blocks = shared ? tiles * chunks : tiles, most = (blocks + busy - 1) / busy;
  const double product = static_cast<double>(most * bm * bn * (shared ? chain_chunk : p.k)) / rate;
  const double exchange = shared ? static_cast<double>(chunks * bm * bn) * 12 : 0;
  return product + exchange;
}

template <class S>
bool launch_pipeline(Stream stream, Product<float> p) {
  const std::int64_t tiles = tiles_of(p.m, p.n, S::BM, S::BN), chunks = (p.k + chain_chunk - 1) / chain_chunk;
  p.split = shares_tiles(tiles, chunks, tenon::cuda::multiprocessors(stream)) ? chunks : 1;
  const std::int64_t blocks = tiles * p.split;
  check(blocks <= most_items, "matmul: {} blocks exceed the CUDA limit of {}", blocks, most_items);
  // Neighbours are those along the smaller stride.
  const bool ta = std::abs(p.a_row) < std::abs(p.a_col), tb = std::abs(p.b_row) < std::abs(p.b_col);
  const bool vec = (ta ? packs(p.a, p.a_row, p.a_col) : packs(p.a, p.a_col, p.a_row)) &&
                   (tb ? packs(p.b, p.b_row, p.b_col) : packs(p.b, p.b_col, p.b_row)) &&
                   (ta ? p.m : p.k) % 4 == 0 && (tb ? p.k : p.n) % 4 == 0;
  constexpr bool only_vec = S::sums == Sums::shared;
  if (only_vec && !vec) return false;
  const Scratch parts(
      stream, p.split > 1 ? static_cast<std::size_t>(blocks * S::BM * S::BN) * sizeof(float) : 0);
  p.parts = parts.as<float>();
  p.tickets = tenon::cuda::tickets(stream);
  with_bool(ta, [&](auto a) {
    with_bool(tb, [&](auto b) {
      with_bool(vec, [&](auto v) {
        if constexpr (v || !only_vec)
          launch_with_shared(sizeof(typename S::template Shared<a, b, v>),
              {stream, "matmul_pipeline", {p.m, p.k, p.n}}, matmul_pipeline<S, a, b, v>, blocks, S::threads, p);
      });
    });
  });
  return true;
}

/// A temporary hook, until a card has decided: TENON_CANDIDATE=big,mid,small, or one number for all. 0: the tiles
/// of before.
int candidate(int size_class) {
  static const std::array<int, 3> chosen = [] {
    std::array<int, 3> n{};
    const char* const text = std::getenv("TENON_CANDIDATE");
    if (text && std::sscanf(text, "%d,%d,%d", &n[0], &n[1], &n[2]) == 1) n[1] = n[2] = n[0];
    return n;
  }();
  return chosen[static_cast<std::size_t>(size_class)];
}

bool try_candidate(Stream stream, const Product<float>& p) {
  constexpr Sums shared = Sums::shared, registers = Sums::registers;
  const std::int64_t busy = tenon::cuda::multiprocessors(stream);
  int chosen = candidate(
      2 * tiles_of(p.m, p.n, 128, 128) >= 3 * busy ? 0 : tiles_of(p.m, p.n, 64, 64) >= busy ? 1 : 2);
  if (chosen == 10) {  // the fastest by estimate
    constexpr struct { int number, bm, bn; double rate; } tiles[] = {
        {1, 128, 128, 0.80}, {5, 64, 128, 0.72}, {7, 64, 64, 0.64}, {8, 64, 32, 0.56}, {9, 32, 32, 0.48}};
    double least = 0;
    for (const auto& [number, bm, bn, rate] : tiles)
      if (const double time = estimate(p, busy, bm, bn, rate); chosen == 10 || time < least)
        chosen = number, least = time;
  }
  switch (chosen) {
    case 1: return launch_pipeline<Pipe<128, 128, 8, 64, 64, 16, 8, 4, 2, shared>>(stream, p);
    case 2: return launch_pipeline<Pipe<256, 128, 8, 64, 64, 16, 8, 4, 1, shared, true>>(stream, p);
    case 3: return launch_pipeline<Pipe<128, 128, 8, 64, 64, 16, 8, 4, 2, shared, true>>(stream, p);
    case 4: return launch_pipeline<Pipe<256, 128, 16, 64, 64, 16, 8, 3, 1, shared, true>>(stream, p);
    case 5: return launch_pipeline<Pipe<64, 128, 16, 32, 64, 8, 8, 4, 2, registers>>(stream, p);
    case 6: return launch_pipeline<Pipe<64, 128, 16, 32, 32, 8, 4, 4, 1, registers>>(stream, p);
    case 7: return launch_pipeline<Pipe<64, 64, 16, 32, 32, 8, 4, 4, 3, registers>>(stream, p);
    case 8: return launch_pipeline<Pipe<64, 32, 32, 32, 16, 4, 4, 4, 3, registers>>(stream, p);
    case 9: return launch_pipeline<Pipe<32, 32, 16, 32, 16, 4, 4, 6, 4, registers>>(stream, p);
    case 11: return launch_pipeline<Pipe<64, 128, 16, 32, 64, 8, 8, 3, 3, shared, true>>(stream, p);
    case 12: return launch_pipeline<Pipe<64, 32, 32, 32, 16, 4, 4, 4, 3, registers, true>>(stream, p);
  }
  return false;
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
    if (try_candidate(stream, p)) return;
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
