// C[m, n] = A[m, k] B[k, n] in order CHAIN (docs/numerics.md section 2). Packing, tiles, vector width and
// transposes change when an element is computed, never its value.
//
// The block structure follows Goto and van de Geijn (ACM TOMS 34(3), 2008): a chunk of 512 rows of B is
// packed into panels of tile width, a block of A into panels of tile height, and a register tile runs over
// the chunk.
#include <tenon/kernels/cpu/isa/few_rows.h>
#include <tenon/kernels/cpu/isa/parts.h>
#include <tenon/kernels/cpu/isa/vec.h>

namespace tenon::kernels::cpu::TENON_ISA {
namespace {

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

// Where the elements of a row are adjacent, a few rows at a time are read from their start to their end,
// since reading a panel's part of every row would have the processor wait for each of them.
constexpr int64_t rows_at_once = 8;

/// Packs b(k, j) into panels of tile_cols columns, k-major, with zeros past the right edge.
template <class T>
void pack_b(int64_t depth, int64_t n, const T* b, int64_t row, int64_t col, T* to) {
  constexpr int64_t w = W<T>, width = tile_cols<T>;
  if (col == 1) {
    for (int64_t k0 = 0; k0 < depth; k0 += rows_at_once) {
      const int64_t end = least(depth, k0 + rows_at_once);
      for (int64_t j = 0; j < n; j += w) {
        T* const t = to + j / width * width * depth + j % width;
        if (n - j >= w)
          for (int64_t k = k0; k < end; ++k) store(t + k * width, load(b + k * row + j));
        else
          for (int64_t k = k0; k < end; ++k) store(t + k * width, load(b + k * row + j, n - j));
      }
    }
    return;
  }
  for (int64_t j0 = 0; j0 < n; j0 += width, to += depth * width)
    for (int64_t v = 0; v < tile_vectors && j0 + v * w < n; ++v) {
      const int64_t cols = n - j0 - v * w;
      const T* const p = b + (j0 + v * w) * col;
      T* const t = to + v * w;
      if (row == 1) turn(p, col, least(cols, w), depth, t, width);
      else
        for (int64_t k = 0; k < depth; ++k)
          for (int64_t j = 0; j < w; ++j) t[k * width + j] = j < cols ? p[k * row + j * col] : T(0);
    }
}

/// Packs a(i, k) into panels of `height` rows (the last may have fewer), k-major.
template <class T>
void pack_a(int64_t depth, int64_t m, int64_t height, const T* a, int64_t row, int64_t col, T* to) {
  constexpr int64_t w = W<T>;
  if (row == 1) {
    for (int64_t k0 = 0; k0 < depth; k0 += rows_at_once)
      for (int64_t i0 = 0; i0 < m; i0 += height) {
        const int64_t rows = least(m - i0, height), end = least(depth, k0 + rows_at_once);
        T* const t = to + i0 * depth;
        // Whole vectors: the elements written past the last row belong to the next k, and are overwritten
        // later unless they belong to the next panel.
        const int64_t whole = i0 + 2 * w <= m && end < depth ? (rows + w - 1) / w * w : rows / w * w;
        for (int64_t k = k0; k < end; ++k) {
          const T* const p = a + k * col + i0;
          int64_t i = 0;
          for (; i < whole; i += w) store(t + k * rows + i, load(p + i));
          for (; i < rows; ++i) t[k * rows + i] = p[i];
        }
      }
    return;
  }
  for (int64_t i0 = 0; i0 < m; i0 += height) {
    const int64_t rows = least(m - i0, height);
    const T* const p = a + i0 * row;
    if (col == 1)
      // From last to first: the elements written past the last row belong to the next k and are overwritten
      // later.
      for (int64_t i = (rows - 1) / w * w; i >= 0; i -= w)
        turn(p + i * row, row, least(rows - i, w), depth, to + i, rows);
    else
      for (int64_t k = 0; k < depth; ++k)
        for (int64_t i = 0; i < rows; ++i) to[k * rows + i] = p[i * row + k * col];
    to += depth * rows;
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
  constexpr int64_t second_level = (int64_t{512} << 10) / sizeof(T);
  if (m <= 16 && b_col == 1 && n >= 256 && n * k > second_level)
    return stream_rows(m, n, k, a, a_row, a_col, b, b_row, c, c_row, bias, scratch);
  if (m == 1 && b_col == 1) return row_product(n, k, a, a_col, b, b_row, c, bias);
  if (m <= 4 && (m == 1 || k >= 64) && b_row == 1 && b_col != 1) {
    constexpr decltype(&few_rows_turned<T, 1>) of_rows[] = {
        few_rows_turned<T, 1>, few_rows_turned<T, 2>, few_rows_turned<T, 3>, few_rows_turned<T, 4>};
    return of_rows[m - 1](n, k, a, a_row, a_col, b, b_col, c, c_row, bias);
  }
  // Packing A pays off where it is large: rows are read in order anyway, columns have a cache line per k.
  const int64_t in_order = a_row == 1 && a_col != 1 ? 8 << 10 : 1 << 20;
  const bool pack = m * k > in_order && n > width;
  // A B that stays in a cache is read in place: packing it pays off only if many tiles read it again.
  const bool in_place = b_col == 1 && n * k <= (m <= 16 * tile_rows ? second_level : 16 * 1024);
  // If A is one block, nothing is gained by keeping more of B than the second-level cache holds.
  const int64_t block = m <= block_rows ? block_cols<T> / 16 : block_cols<T>;
  for (int64_t j0 = 0; j0 < n; j0 += block) {
    const int64_t cols = least(n - j0, block);
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
