// C[m, n] = A[m, k] B[k, n] in order CHAIN (docs/numerics.md section 2). Packing, tiles, vector width and
// transposes change when an element is computed, never its value.
//
// The block structure follows Goto and van de Geijn (ACM TOMS 34(3), 2008): a chunk of 512 rows of B is
// packed into panels of tile width, a block of A into panels of tile height, and a register tile runs over
// the chunk.
#include <tenon/kernels/cpu/isa/parts.h>
#include <tenon/kernels/cpu/isa/vec.h>

namespace tenon::kernels::cpu::TENON_ISA {
namespace {

using arith::chain_chunk;

#if defined(__AVX512F__)
constexpr int tile_rows = 12;
#elif defined(__AVX2__)
constexpr int tile_rows = 6;
#else
constexpr int tile_rows = 4;
#endif
constexpr int tile_vectors = 2;
template <class T>
constexpr int64_t tile_cols = tile_vectors* W<T>;
constexpr int64_t block_rows = 24 * tile_rows;  // of A, in the second-level cache
template <class T>
constexpr int64_t block_cols = 8192 / sizeof(T) / tile_cols<T>* tile_cols<T>;  // of B, in the third

TENON_INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

template <class T>
struct TileArgs {
  int64_t depth;  // of this chunk, along k
  const T* a;
  int64_t a_row, a_col;
  const T* b;
  int64_t b_row;
  T* c;
  int64_t c_row;
  bool first;     // the first chunk: C is not read
  const T* bias;  // at the last chunk, or null
  int64_t cols;   // of this tile
};

// Rows x (Vectors vectors) of C over one chunk. Packed: A is k-major, Rows wide. Edge: the last vector of B
// is partial.
template <class T, int Rows, int Vectors, bool Packed, bool Edge>
void tile(const TileArgs<T>& t) {
  const int64_t a_row = Packed ? 1 : t.a_row, a_col = Packed ? Rows : t.a_col;
  const T *a = t.a, *b = t.b;
  if (t.depth >= 128) {  // prefetch C, which is far away if the product is large
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 8
      for (int j = 0; j < Vectors; ++j) __builtin_prefetch(t.c + i * t.c_row + j * W<T>, 1);
  }
  V<T> acc[Rows][Vectors];
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < Vectors; ++j) acc[i][j] = zero<T>();
#pragma GCC unroll 1
  for (int64_t k = 0; k < t.depth; ++k, a += a_col, b += t.b_row) {
    V<T> bv[Vectors];
#pragma GCC unroll 8
    for (int j = 0; j < Vectors; ++j)
      bv[j] = Edge && j == Vectors - 1 ? load(b + j * W<T>, t.cols - j * W<T>) : load(b + j * W<T>);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
      const V<T> av = set1(a[i * a_row]);
#pragma GCC unroll 8
      for (int j = 0; j < Vectors; ++j) acc[i][j] = fma(av, bv[j], acc[i][j]);
    }
  }
  T* c = t.c;
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i, c += t.c_row)
#pragma GCC unroll 8
    for (int j = 0; j < Vectors; ++j) {
      const int64_t left = t.cols - j * W<T>;
      T* const p = c + j * W<T>;
      if (left >= W<T>) {
        V<T> v = add(t.first ? zero<T>() : load(p), acc[i][j]);
        if (t.bias) v = add(v, load(t.bias + j * W<T>));
        store(p, v);
      } else if (left > 0) {
        V<T> v = add(t.first ? zero<T>() : load(p, left), acc[i][j]);
        if (t.bias) v = add(v, load(t.bias + j * W<T>, left));
        store(p, v, left);
      }
    }
}

template <class T>
using Tile = void (*)(const TileArgs<T>&);
template <class T, int Rows>
struct Tiles : Tiles<T, Rows - 1> {
  constexpr Tiles() {
    constexpr int n = tile_vectors;
    auto& f = this->of;
    f[0][0][0][Rows] = tile<T, Rows, 1, false, false>, f[0][0][1][Rows] = tile<T, Rows, 1, true, false>;
    f[0][1][0][Rows] = tile<T, Rows, n, false, false>, f[0][1][1][Rows] = tile<T, Rows, n, true, false>;
    f[1][0][0][Rows] = tile<T, Rows, 1, false, true>, f[1][0][1][Rows] = tile<T, Rows, 1, true, true>;
    f[1][1][0][Rows] = tile<T, Rows, n, false, true>, f[1][1][1][Rows] = tile<T, Rows, n, true, true>;
  }
};
template <class T>
struct Tiles<T, 0> {
  Tile<T> of[2][2][2][tile_rows + 1] = {};  // [edge][more than one vector][packed][rows]
};
template <class T>
constexpr Tiles<T, tile_rows> tiles;

/// r[k] = element k of up to W rows, for k < left; zero where a row does not exist.
template <class T>
TENON_INLINE void load_turned(const T* p, int64_t row, int64_t rows, int64_t left, V<T> (&r)[W<T>]) {
#pragma GCC unroll 16
  for (int i = 0; i < W<T>; ++i)
    r[i] = i >= rows ? zero<T>() : left >= W<T> ? load(p + i * row) : load(p + i * row, left);
  transpose(r);
}

/// Transposes up to W rows with unit stride along k into vectors across the rows. Writes whole vectors.
template <class T>
TENON_INLINE void turn(const T* p, int64_t row, int64_t rows, int64_t depth, T* to, int64_t to_row) {
  constexpr int w = W<T>;
  for (int64_t k = 0; k < depth; k += w) {
    const int64_t left = depth - k;
    V<T> r[w];
    load_turned(p + k, row, rows, left, r);
#pragma GCC unroll 16
    for (int i = 0; i < w; ++i)
      if (i < left) store(to + (k + i) * to_row, r[i]);
  }
}

/// Packs b(k, j) into panels of tile_cols columns, k-major, with zeros past the right edge.
template <class T>
void pack_b(int64_t depth, int64_t n, const T* b, int64_t row, int64_t col, T* to) {
  constexpr int64_t w = W<T>, width = tile_cols<T>;
  for (int64_t j0 = 0; j0 < n; j0 += width, to += depth * width)
    for (int64_t v = 0; v < tile_vectors && j0 + v * w < n; ++v) {
      const int64_t cols = n - j0 - v * w;
      const T* const p = b + (j0 + v * w) * col;
      T* const t = to + v * w;
      if (col == 1 && cols >= w)
        for (int64_t k = 0; k < depth; ++k) store(t + k * width, load(p + k * row));
      else if (col == 1)
        for (int64_t k = 0; k < depth; ++k) store(t + k * width, load(p + k * row, cols));
      else if (row == 1) turn(p, col, least(cols, w), depth, t, width);
      else
        for (int64_t k = 0; k < depth; ++k)
          for (int64_t j = 0; j < w; ++j) t[k * width + j] = j < cols ? p[k * row + j * col] : T(0);
    }
}

/// Packs a(i, k) into panels of `height` rows (the last may have fewer), k-major.
template <class T>
void pack_a(int64_t depth, int64_t m, int64_t height, const T* a, int64_t row, int64_t col, T* to) {
  for (int64_t i0 = 0; i0 < m; i0 += height) {
    const int64_t rows = least(m - i0, height);
    const T* const p = a + i0 * row;
    if (row == 1 && i0 + 2 * W<T> <= m)
      for (int64_t k = 0; k < depth; ++k)
        for (int64_t i = 0; i < rows; i += W<T>) store(to + k * rows + i, load(p + k * col + i));
    else if (col == 1)
      // From last to first: the elements written past the last row belong to the next k and are overwritten
      // later.
      for (int64_t i = (rows - 1) / W<T> * W<T>; i >= 0; i -= W<T>)
        turn(p + i * row, row, least(rows - i, W<T>), depth, to + i, rows);
    else
      for (int64_t k = 0; k < depth; ++k)
        for (int64_t i = 0; i < rows; ++i) to[k * rows + i] = p[i * row + k * col];
    to += depth * rows;
  }
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

/// sums[n] += a[Rows] b[Rows, n], row after row
template <class T, int Rows>
TENON_INLINE void add_rows(int64_t n, const T* a, int64_t a_col, const T* b, int64_t b_row, T* sums) {
  V<T> av[Rows];
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) av[i] = set1(a[i * a_col]);
  int64_t j = 0;
  for (; j + W<T> <= n; j += W<T>) {
    V<T> sum = load(sums + j);
#pragma GCC unroll 8
    for (int i = 0; i < Rows; ++i) sum = fma(av[i], load(b + i * b_row + j), sum);
    store(sums + j, sum);
  }
  const int64_t left = n - j;
  if (left == 0) return;
  V<T> sum = load(sums + j, left);
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) sum = fma(av[i], load(b + i * b_row + j, left), sum);
  store(sums + j, sum, left);
}

/// row_product for a B that exceeds the cache: its rows are read from their start to their end, several at a
/// time, while the sums stay in the first-level cache.
template <class T>
void row_stream(int64_t n, int64_t k, const T* a, int64_t a_col, const T* b, int64_t b_row, T* c,
    const T* bias, Scratch scratch) {
  constexpr int64_t most = 16384 / sizeof(T);
  constexpr int together = 4;
  T* const sums = static_cast<T*>(scratch(most * sizeof(T)));
  for (int64_t j0 = 0; j0 < n; j0 += most) {
    const int64_t cols = least(n - j0, most);
    for (int64_t k0 = 0; k0 < k; k0 += chain_chunk) {
      const int64_t end = least(k, k0 + chain_chunk);
      for (int64_t j = 0; j < cols; ++j) sums[j] = T(0);
      int64_t q = k0;
      for (; q + together <= end; q += together)
        add_rows<T, together>(cols, a + q * a_col, a_col, b + q * b_row + j0, b_row, sums);
      for (; q < end; ++q) add_rows<T, 1>(cols, a + q * a_col, a_col, b + q * b_row + j0, b_row, sums);
      T* const to = c + j0;
      if (k0 == 0)
        for (int64_t j = 0; j < cols; ++j) to[j] = T(0) + sums[j];
      else
        for (int64_t j = 0; j < cols; ++j) to[j] = to[j] + sums[j];
    }
    if (bias)
      for (int64_t j = j0; j < j0 + cols; ++j) c[j] = c[j] + bias[j];
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

template <class T>
void chain(int64_t m, int64_t n, int64_t k, const T* a, int64_t a_row, int64_t a_col, const T* b,
    int64_t b_row, int64_t b_col, T* c, int64_t c_row, const T* bias, Scratch scratch) {
  constexpr int64_t width = tile_cols<T>;
  if (k == 0) {
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) c[i * c_row + j] = bias ? T(0) + bias[j] : T(0);
    return;
  }
  if (m == 1 && b_col == 1) {
    constexpr int64_t second_level = (int64_t{512} << 10) / sizeof(T);
    if (n >= 256 && n * k > second_level) return row_stream(n, k, a, a_col, b, b_row, c, bias, scratch);
    return row_product(n, k, a, a_col, b, b_row, c, bias);
  }
  if (m <= 4 && (m == 1 || k >= 64) && b_row == 1 && b_col != 1) {
    constexpr decltype(&few_rows_turned<T, 1>) of_rows[] = {
        few_rows_turned<T, 1>, few_rows_turned<T, 2>, few_rows_turned<T, 3>, few_rows_turned<T, 4>};
    return of_rows[m - 1](n, k, a, a_row, a_col, b, b_col, c, c_row, bias);
  }
  const bool pack = m * k > 64 * 1024 && n > width;                                // packing A pays off
  const bool in_place = b_col == 1 && (m <= 2 * tile_rows || n * k <= 16 * 1024);  // read B in place
  for (int64_t j0 = 0; j0 < n; j0 += block_cols<T>) {
    const int64_t cols = least(n - j0, block_cols<T>);
    for (int64_t k0 = 0; k0 < k; k0 += chain_chunk) {
      const int64_t depth = least(k - k0, chain_chunk);
      const T* const b0 = b + k0 * b_row + j0 * b_col;
      const int64_t b_size = in_place ? 0 : depth * ((cols + width - 1) / width * width) + W<T>;
      const int64_t a_size = pack ? depth * least(m, block_rows) + W<T> : 0;
      T* const packed_b =
          b_size + a_size ? static_cast<T*>(scratch(static_cast<size_t>(b_size + a_size + 64) * sizeof(T)))
                          : nullptr;
      T* const packed_a = packed_b + (b_size + 63) / 64 * 64;
      if (!in_place) pack_b(depth, cols, b0, b_row, b_col, packed_b);
      TileArgs<T> t{depth, nullptr, a_row, a_col, nullptr, in_place ? b_row : width, nullptr, c_row, k0 == 0,
          nullptr, 0};
      for (int64_t i0 = 0; i0 < m; i0 += block_rows) {
        const int64_t rows = least(m - i0, block_rows);
        const int64_t panels = (rows + tile_rows - 1) / tile_rows,
                      height = (rows + panels - 1) / panels;  // equal panels
        const T* const a0 = a + i0 * a_row + k0 * a_col;
        if (pack) pack_a(depth, rows, height, a0, a_row, a_col, packed_a);
        const auto one_tile = [&](int64_t i, int64_t j) __attribute__((always_inline)) {
          t.cols = least(cols - j, width);
          t.b = in_place ? b0 + j : packed_b + depth * j;
          t.bias = bias && k0 + depth == k ? bias + j0 + j : nullptr;
          t.a = pack ? packed_a + depth * i : a0 + i * a_row;
          t.c = c + (i0 + i) * c_row + j0 + j;
          tiles<T>.of[in_place && t.cols % W<T>][t.cols > W<T>][pack][least(rows - i, height)](t);
        };
        // A panel of B is used for all rows. But if the depth is so small that writing C takes the time, C is
        // written along its rows.
        if (k <= 32)
          for (int64_t i = 0; i < rows; i += height)
            for (int64_t j = 0; j < cols; j += width) one_tile(i, j);
        else
          for (int64_t j = 0; j < cols; j += width)
            for (int64_t i = 0; i < rows; i += height) one_tile(i, j);
      }
    }
  }
}

}  // namespace

void add_matmul(Table& table) {
  table.f32.matmul.chain = chain<float>;
  table.f64.matmul.chain = chain<double>;
}

}  // namespace tenon::kernels::cpu::TENON_ISA
