// Matrix products with a few rows, in order CHAIN (docs/numerics.md section 2): B is used once, so it is
// neither packed nor cut into tiles.
#pragma once
#include <tenon/kernels/arith/order.h>
#include <tenon/kernels/cpu/isa/table.h>
#include <tenon/kernels/cpu/isa/vec.h>

namespace tenon::kernels::cpu::TENON_ISA {
namespace {

using arith::chain_chunk;

TENON_INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/// r[k] = element k of up to W rows, for k < left; zero where a row does not exist.
template <class T>
TENON_INLINE void load_turned(const T* p, int64_t row, int64_t rows, int64_t left, V<T> (&r)[W<T>]) {
#pragma GCC unroll 16
  for (int i = 0; i < W<T>; ++i)
    r[i] = i >= rows ? zero<T>() : left >= W<T> ? load(p + i * row) : load(p + i * row, left);
  transpose(r);
}

/// One row of C, Vectors vectors wide, B with unit column stride.
template <class T, int Vectors>
TENON_INLINE void row_tile(
    int64_t k, const T* a, int64_t a_col, const T* b, int64_t b_row, T* c, const T* bias) {
  V<T> total[Vectors];
#pragma GCC unroll 8
  for (int j = 0; j < Vectors; ++j) total[j] = zero<T>();
  for (int64_t k0 = 0; k0 < k; k0 += chain_chunk) {
    const int64_t end = least(k, k0 + chain_chunk);
    V<T> acc[Vectors];
#pragma GCC unroll 8
    for (int j = 0; j < Vectors; ++j) acc[j] = zero<T>();
#pragma GCC unroll 1
    for (int64_t q = k0; q < end; ++q) {
      const V<T> av = set1(a[q * a_col]);
#pragma GCC unroll 8
      for (int j = 0; j < Vectors; ++j) acc[j] = fma(av, load(b + q * b_row + j * W<T>), acc[j]);
    }
#pragma GCC unroll 8
    for (int j = 0; j < Vectors; ++j) total[j] = add(total[j], acc[j]);
  }
#pragma GCC unroll 8
  for (int j = 0; j < Vectors; ++j)
    store(c + j * W<T>, bias ? add(total[j], load(bias + j * W<T>)) : total[j]);
}

template <class T>
void row_product(
    int64_t n, int64_t k, const T* a, int64_t a_col, const T* b, int64_t b_row, T* c, const T* bias) {
  constexpr int64_t w = W<T>;
  int64_t j = 0;
  const auto at = [&](const T* p) __attribute__((always_inline)) { return p ? p + j : nullptr; };
  for (; j + 8 * w <= n; j += 8 * w) row_tile<T, 8>(k, a, a_col, b + j, b_row, c + j, at(bias));
  if (j + 4 * w <= n) row_tile<T, 4>(k, a, a_col, b + j, b_row, c + j, at(bias)), j += 4 * w;
  for (; j + w <= n; j += w) row_tile<T, 1>(k, a, a_col, b + j, b_row, c + j, at(bias));
  const int64_t left = n - j;
  if (left == 0) return;
  V<T> total = zero<T>();
  for (int64_t k0 = 0; k0 < k; k0 += chain_chunk) {
    V<T> acc = zero<T>();
    for (int64_t q = k0; q < least(k, k0 + chain_chunk); ++q)
      acc = fma(set1(a[q * a_col]), load(b + q * b_row + j, left), acc);
    total = add(total, acc);
  }
  store(c + j, bias ? add(total, load(bias + j, left)) : total, left);
}

/// sums[M, n] += a[M, K] b[K, n], row after row of b; the rows of sums are sums_row apart.
template <class T, int M, int K>
TENON_INLINE void add_rows(int64_t n, const T* a, int64_t a_row, int64_t a_col, const T* b, int64_t b_row,
    T* sums, int64_t sums_row) {
  V<T> av[M][K];
#pragma GCC unroll 8
  for (int i = 0; i < M; ++i)
#pragma GCC unroll 8
    for (int q = 0; q < K; ++q) av[i][q] = set1(a[i * a_row + q * a_col]);
  int64_t j = 0;
  for (; j + W<T> <= n; j += W<T>) {
    V<T> bv[K];
#pragma GCC unroll 8
    for (int q = 0; q < K; ++q) bv[q] = load(b + q * b_row + j);
#pragma GCC unroll 8
    for (int i = 0; i < M; ++i) {
      V<T> sum = load(sums + i * sums_row + j);
#pragma GCC unroll 8
      for (int q = 0; q < K; ++q) sum = fma(av[i][q], bv[q], sum);
      store(sums + i * sums_row + j, sum);
    }
  }
  const int64_t left = n - j;
  if (left == 0) return;
#pragma GCC unroll 8
  for (int i = 0; i < M; ++i) {
    V<T> sum = load(sums + i * sums_row + j, left);
#pragma GCC unroll 8
    for (int q = 0; q < K; ++q) sum = fma(av[i][q], load(b + q * b_row + j, left), sum);
    store(sums + i * sums_row + j, sum, left);
  }
}

/// A few rows of C for a B that exceeds the cache: its rows are read from their start to their end, several
/// at a time, while the sums stay in the first-level cache.
template <class T>
void stream_rows(int64_t m, int64_t n, int64_t k, const T* a, int64_t a_row, int64_t a_col, const T* b,
    int64_t b_row, T* c, int64_t c_row, const T* bias, Scratch scratch) {
  constexpr int64_t size = 32768 / sizeof(T);
  constexpr int together = 4;
  const int64_t most = size / m / W<T> * W<T>;  // columns
  T* const sums = static_cast<T*>(scratch(size * sizeof(T)));
  for (int64_t j0 = 0; j0 < n; j0 += most) {
    const int64_t cols = least(n - j0, most);
    for (int64_t k0 = 0; k0 < k; k0 += chain_chunk) {
      const int64_t end = least(k, k0 + chain_chunk);
      for (int64_t j = 0; j < m * most; ++j) sums[j] = T(0);
      int64_t q = k0;
      const auto add = [&]<int K>() __attribute__((always_inline)) {
        const T *const x = a + q * a_col, *const y = b + q * b_row + j0;
        int64_t i = 0;
        for (; i + 2 <= m; i += 2)
          add_rows<T, 2, K>(cols, x + i * a_row, a_row, a_col, y, b_row, sums + i * most, most);
        if (i < m) add_rows<T, 1, K>(cols, x + i * a_row, a_row, a_col, y, b_row, sums + i * most, most);
        q += K;
      };
      while (q + together <= end) add.template operator()<together>();
      while (q < end) add.template operator()<1>();
      for (int64_t i = 0; i < m; ++i) {
        T* const to = c + i * c_row + j0;
        const T* const sum = sums + i * most;
        if (k0 == 0)
          for (int64_t j = 0; j < cols; ++j) to[j] = T(0) + sum[j];
        else
          for (int64_t j = 0; j < cols; ++j) to[j] = to[j] + sum[j];
        if (bias && end == k)
          for (int64_t j = 0; j < cols; ++j) to[j] = to[j] + bias[j0 + j];
      }
    }
  }
}

/// Rows rows of C, where B has unit stride along k, as the weights of a linear layer: blocks of B are
/// transposed in registers, since packing B costs more than so few rows can earn back.
template <class T, int Rows>
void few_rows_turned(int64_t n, int64_t k, const T* a, int64_t a_row, int64_t a_col, const T* b,
    int64_t b_col, T* c, int64_t c_row, const T* bias) {
  constexpr int w = W<T>;
  constexpr int64_t ahead = 512 / sizeof(T);  // of the elements that are multiplied, what is fetched
  for (int64_t j = 0; j < n; j += w) {
    const int64_t cols = least(n - j, w);
    const T* const p = b + j * b_col;
    V<T> total[Rows];
    for (int i = 0; i < Rows; ++i) total[i] = zero<T>();
    for (int64_t k0 = 0; k0 < k; k0 += chain_chunk) {
      const int64_t end = least(k, k0 + chain_chunk);
      V<T> acc[Rows];
      for (int i = 0; i < Rows; ++i) acc[i] = zero<T>();
      for (int64_t q = k0; q < end; q += w) {
        const int64_t left = end - q;
        V<T> r[w];
        if (cols == w && q + ahead < k)
#pragma GCC unroll 16
          for (int i = 0; i < w; ++i) __builtin_prefetch(p + i * b_col + q + ahead);
        load_turned(p + q, b_col, cols, left, r);
#pragma GCC unroll 16
        for (int d = 0; d < w; ++d)
          if (d < left)
#pragma GCC unroll 4
            for (int i = 0; i < Rows; ++i) acc[i] = fma(set1(a[i * a_row + (q + d) * a_col]), r[d], acc[i]);
      }
      for (int i = 0; i < Rows; ++i) total[i] = add(total[i], acc[i]);
    }
    for (int i = 0; i < Rows; ++i) {
      T* const to = c + i * c_row + j;
      if (cols == w) store(to, bias ? add(total[i], load(bias + j)) : total[i]);
      else store(to, bias ? add(total[i], load(bias + j, cols)) : total[i], cols);
    }
  }
}

}  // namespace
}  // namespace tenon::kernels::cpu::TENON_ISA
