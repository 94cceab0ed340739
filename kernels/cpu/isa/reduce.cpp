// Order R (docs/numerics.md section 3): chunks of 1024, 128 strided partial results, a halving tree; the
// upper levels are R over the values of the chunks. Lanes without an element hold the identity.
#include <tenon/kernels/cpu/isa/parts.h>
#include <tenon/kernels/cpu/isa/vec.h>

namespace tenon::kernels::cpu::TENON_ISA {
namespace {

// Hardly any x86-64 machine lacks AVX2: that build is compact rather than fast.
#if defined(__x86_64__) && !defined(__AVX2__)
constexpr bool rows_together = false;
#define TENON_LEAF [[gnu::noinline]] static
#else
constexpr bool rows_together = true;
#define TENON_LEAF TENON_INLINE
#endif

using arith::reduce_chunks;
constexpr int64_t chunk = arith::reduce_chunk;
constexpr int partials = arith::reduce_partials;

template <class Op, class T>
TENON_INLINE V<T> identity() {
  return set1(arith::identity<Op, T>);
}
template <class Op, class T>
TENON_INLINE V<T> into(V<T> acc, V<T> a, V<T> b) {
  return arith::into<Op, VectorMath>(acc, a, b);
}
template <class Op, class T>
TENON_INLINE V<T> combine(V<T> a, V<T> b) {
  return arith::combine<Op, VectorMath>(a, b);
}
template <class Op>
struct CombineLanes {
  template <class Vector>
  [[gnu::always_inline]] Vector operator()(Vector a, Vector b) const {
    return arith::combine<Op, VectorMath>(a, b);
  }
};
template <class Op, class T>
TENON_INLINE T fold(V<T> v) {
  return TENON_ISA::fold(v, CombineLanes<Op>());
}
/// Loads the first n elements and fills the other lanes with the identity.
template <class Op, class T>
TENON_INLINE V<T> load_first(const T* p, int64_t n) {
  if constexpr (arith::identity<Op, T> == T(0)) return load(p, n);
  else return load(p, n, identity<Op, T>());
}

// Loads operand b; unused by reductions of one operand.
template <class Op, class T>
TENON_INLINE V<T> second([[maybe_unused]] const T* y) {
  if constexpr (Op::operands == 1) return V<T>{};
  else return load(y);
}
template <class Op, class T>
TENON_INLINE V<T> second([[maybe_unused]] const T* y, [[maybe_unused]] int64_t n) {
  if constexpr (Op::operands == 1) return V<T>{};
  else return load_first<Op>(y, n);
}

template <class Op, class T>
TENON_INLINE V<T> step(const T* x, const T* y, int64_t i, V<T> acc) {
  return into<Op, T>(acc, load(x + i), second<Op>(y + i));
}
template <class Op, class T>
TENON_INLINE V<T> step(const T* x, const T* y, int64_t i, int64_t n, V<T> acc) {
  return into<Op, T>(acc, load_first<Op>(x + i, n), second<Op>(y + i, n));
}

template <class T>
TENON_INLINE const T* offset(const T* p, int64_t n) {
  return p ? p + n : nullptr;
}

/// The value of one chunk, n <= 1024.
template <class Op, class T>
TENON_LEAF T leaf(const T* x, const T* y, int64_t n) {
  constexpr int w = W<T>;
  if (n <= w) {
    if (n == w) return fold<Op, T>(step<Op>(x, y, 0, identity<Op, T>()));
    return fold<Op, T>(step<Op>(x, y, 0, n, identity<Op, T>()));
  }
  // Memory is fastest when it is read in order, so all partial results are held at once, although AVX2 has
  // registers for half of them only.
  constexpr int all = partials / w;
  V<T> p[all];
#pragma GCC unroll 32
  for (int j = 0; j < all; ++j) p[j] = identity<Op, T>();
  int64_t i = 0;
  for (; i + partials <= n; i += partials)
#pragma GCC unroll 32
    for (int j = 0; j < all; ++j) p[j] = step<Op>(x, y, i + j * w, p[j]);
  if (i < n) {
#pragma GCC unroll 32
    for (int j = 0; j < all; ++j) {
      const int64_t at = i + j * w, left = n - at;
      if (left >= w) p[j] = step<Op>(x, y, at, p[j]);
      else if (left > 0) p[j] = step<Op>(x, y, at, left, p[j]);
    }
  }
#pragma GCC unroll 8
  for (int h = all / 2; h; h /= 2)
#pragma GCC unroll 32
    for (int j = 0; j < h; ++j) p[j] = combine<Op, T>(p[j], p[j + h]);
  return fold<Op, T>(p[0]);
}

template <class Op, class T>
void chunk_values(int64_t n, int64_t begin, int64_t end, const T* a, const T* b, T* out) {
  for (int64_t c = begin; c < end; ++c) {
    const int64_t i = c * chunk, length = n - i < chunk ? n - i : chunk;
    out[c] = leaf<Op>(a + i, offset(b, i), length);
  }
}

template <class Op, class T>
T row_value(int64_t k, const T* a, const T* b, Scratch scratch) {
  if (k == 0) return arith::finish<Op>(arith::identity<Op, T>);
  if (k <= chunk) return arith::finish<Op>(leaf<Op>(a, b, k));
  int64_t count = reduce_chunks(k);
  T few[256];
  T* const s = count <= 256 ? few : static_cast<T*>(scratch(static_cast<size_t>(count) * sizeof(T)));
  chunk_values<Op>(k, 0, count, a, b, s);
  while (count > 1) {
    const int64_t above = reduce_chunks(count);
    chunk_values<typename Op::Combine>(count, 0, above, s, static_cast<const T*>(nullptr), s);
    count = above;
  }
  return arith::finish<Op>(s[0]);
}

template <class Op, int Count, int Stride, class T>
void rows_subtree(V<T> (&sum)[Count], const T* x, int64_t row, const T* y, int64_t n, int64_t j);

/// Reduces Count rows of one chunk at once, with operand b shared: the part of the halving tree that combines
/// position j and the multiples of Stride after it. This keeps few accumulators live, and one load of b
/// serves all rows.
template <class Op, int Count, int Stride, class T>
TENON_INLINE void rows_node(V<T> (&sum)[Count], const T* x, int64_t row, const T* y, int64_t n, int64_t j) {
  constexpr int w = W<T>, positions = partials / w, ahead = Stride * w;
#pragma GCC unroll 4
  for (int r = 0; r < Count; ++r) sum[r] = identity<Op, T>();
  if (j * w >= n) return;
  // The other half has no elements. With shorter vectors, this question makes too much code.
  const bool alone = sizeof(V<T>) == 64 && (j + Stride) * w >= n;
  V<T> other[Count];
  if constexpr (2 * Stride == positions) {
#pragma GCC unroll 4
    for (int r = 0; r < Count; ++r) other[r] = identity<Op, T>();
    for (int64_t i = j * w; i < n; i += partials) {
      const int64_t left = n - i;
      if (left >= ahead + w) {
        const V<T> y0 = second<Op>(y + i), y1 = second<Op>(y + i + ahead);
#pragma GCC unroll 4
        for (int r = 0; r < Count; ++r) {
          sum[r] = into<Op, T>(sum[r], load(x + r * row + i), y0);
          other[r] = into<Op, T>(other[r], load(x + r * row + i + ahead), y1);
        }
        continue;
      }
      const V<T> y0 = left >= w ? second<Op>(y + i) : second<Op>(y + i, left);
#pragma GCC unroll 4
      for (int r = 0; r < Count; ++r)
        sum[r] = into<Op, T>(
            sum[r], left >= w ? load(x + r * row + i) : load_first<Op>(x + r * row + i, left), y0);
      if (left <= ahead) continue;
      const V<T> y1 = second<Op>(y + i + ahead, left - ahead);
#pragma GCC unroll 4
      for (int r = 0; r < Count; ++r)
        other[r] = into<Op, T>(other[r], load_first<Op>(x + r * row + i + ahead, left - ahead), y1);
    }
  } else if constexpr (sizeof(V<T>) == 16 && positions / Stride > 8) {  // inlining would make too much code
    rows_subtree<Op, Count, 2 * Stride>(sum, x, row, y, n, j);
    if (!alone) rows_subtree<Op, Count, 2 * Stride>(other, x, row, y, n, j + Stride);
  } else {
    rows_node<Op, Count, 2 * Stride>(sum, x, row, y, n, j);
    if (!alone) rows_node<Op, Count, 2 * Stride>(other, x, row, y, n, j + Stride);
  }
  if (alone) return;
#pragma GCC unroll 4
  for (int r = 0; r < Count; ++r) sum[r] = combine<Op, T>(sum[r], other[r]);
}

template <class Op, int Count, int Stride, class T>
[[gnu::noinline]] void rows_subtree(
    V<T> (&sum)[Count], const T* x, int64_t row, const T* y, int64_t n, int64_t j) {
  rows_node<Op, Count, Stride>(sum, x, row, y, n, j);
}

template <class Op, int Count, class T>
void few_rows(int64_t n, const T* a, int64_t a_row, const T* b, T* out) {
  V<T> sum[Count];
  rows_node<Op, Count, 1>(sum, a, a_row, b, n, 0);
#pragma GCC unroll 4
  for (int r = 0; r < Count; ++r) out[r] = arith::finish<Op>(fold<Op, T>(sum[r]));
}

template <class Op, class T>
void row_values(
    int64_t rows, int64_t k, const T* a, int64_t a_row, const T* b, int64_t b_row, T* out, Scratch scratch) {
  int64_t i = 0;
  // Four rows at once are not read in the order of memory. Long rows gain nothing from it, and rows that come
  // from beyond the second-level cache lose.
  constexpr int64_t cached = (int64_t{1} << 20) / static_cast<int64_t>(sizeof(T));
  const bool together = k > 0 && (k <= partials || (k <= 2 * partials && rows * k < cached));
  if constexpr (rows_together)
    if (together && (Op::operands == 1 || b_row == 0)) {
      for (; i + 4 <= rows; i += 4) few_rows<Op, 4>(k, a + i * a_row, a_row, b, out + i);
      if (i + 2 <= rows) few_rows<Op, 2>(k, a + i * a_row, a_row, b, out + i), i += 2;
    }
  for (; i < rows; ++i) out[i] = row_value<Op>(k, a + i * a_row, offset(b, i * b_row), scratch);
}

// Columns are reduced by whole rows. Partial results are visited in bit-reversed order, so that the tree
// keeps one row of results per level.
constexpr int64_t most_columns = 2048;

template <class T>
struct Columns {
  const T* a;
  int64_t a_row;
  const T* b;
  int64_t b_row, b_item;
  int64_t k;
};

template <class Op, class T>
TENON_INLINE V<T> column_step(const Columns<T>& c, int64_t q, int64_t j, V<T> acc) {
  V<T> b{};
  if constexpr (Op::operands == 2) b = c.b_item ? load(c.b + q * c.b_row + j) : set1(c.b[q * c.b_row]);
  return into<Op, T>(acc, load(c.a + q * c.a_row + j), b);
}
template <class Op, class T>
TENON_INLINE V<T> column_step(const Columns<T>& c, int64_t q, int64_t j, int64_t n, V<T> acc) {
  V<T> b{};
  if constexpr (Op::operands == 2) b = c.b_item ? load(c.b + q * c.b_row + j, n) : set1(c.b[q * c.b_row]);
  return into<Op, T>(acc, load(c.a + q * c.a_row + j, n), b);
}

/// Partial result p of the vector of columns at j, of which `left` exist.
template <class Op, class T>
TENON_INLINE V<T> column_partial(const Columns<T>& c, int64_t p, int64_t j, int64_t left) {
  V<T> acc = identity<Op, T>();
  if (left < W<T>) {
    for (int64_t q = p; q < c.k; q += partials) acc = column_step<Op>(c, q, j, left, acc);
  } else if (p + 7 * partials < c.k) {
#pragma GCC unroll 8
    for (int r = 0; r < 8; ++r) acc = column_step<Op>(c, p + r * partials, j, acc);
  } else {
    for (int64_t q = p; q < c.k; q += partials) acc = column_step<Op>(c, q, j, acc);
  }
  return acc;
}

/// The vectors of a cache line.
template <class T>
struct Line {
  static constexpr int count = 64 / sizeof(V<T>);
  V<T> of[count];
};
/// Partial result p, of Rows rows, of the line of columns at j. The line of each row is read once.
template <class Op, int Rows, class T>
TENON_INLINE Line<T> column_partial(const Columns<T>& c, int64_t p, int64_t j) {
  Line<T> acc;
#pragma GCC unroll 4
  for (int v = 0; v < Line<T>::count; ++v) acc.of[v] = identity<Op, T>();
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < Line<T>::count; ++v)
      acc.of[v] = column_step<Op>(c, p + r * partials, j + v * W<T>, acc.of[v]);
  return acc;
}

/// One chunk (k <= 1024) of w <= most_columns columns.
template <class Op, class T>
void column_chunk(const Columns<T>& c, int64_t w, T* to) {
  alignas(64) T stack[8][most_columns];
  const int64_t live = c.k < partials ? c.k : partials;
  int levels = 0;
  while (1 << levels < live) ++levels;
  const int together = levels >= 2 ? 4 : 1,
            down = levels >= 2 ? 2 : 0;  // four partial results are combined in registers
  for (int q = 0; q < 1 << levels; q += together) {
    int p = 0, up = down;
    for (int l = 0; l < levels; ++l) p |= (q >> l & 1) << (levels - 1 - l);
    while (q >> up & 1) ++up;
    T* const put = up == levels ? to : stack[up];
    const int h = 1 << levels >> 1;
    const auto rows_of = [&](int64_t partial) { return (c.k - partial + partials - 1) / partials; };
    const auto lines = [&]<int Rows>() __attribute__((always_inline)) {
      constexpr int64_t line = Line<T>::count * W<T>;
      int64_t j = 0;
      for (; j + line <= w; j += line) {
        const Line<T> a = column_partial<Op, Rows>(c, p, j), b = column_partial<Op, Rows>(c, p + h, j),
                      d = column_partial<Op, Rows>(c, p + h / 2, j),
                      e = column_partial<Op, Rows>(c, p + h / 2 + h, j);
#pragma GCC unroll 4
        for (int v = 0; v < Line<T>::count; ++v) {
          V<T> acc = combine<Op, T>(combine<Op, T>(a.of[v], b.of[v]), combine<Op, T>(d.of[v], e.of[v]));
          for (int l = down; l < up; ++l) acc = combine<Op, T>(load(stack[l] + j + v * W<T>), acc);
          store(put + j + v * W<T>, acc);
        }
      }
      return j;
    };
    // One or two rows each: a batch of up to 256.
    int64_t j = 0;
    if (const int64_t rows = rows_of(p); together == 4 && rows == rows_of(p + h / 2 + h))
      j = rows == 1 ? lines.template operator()<1>() : rows == 2 ? lines.template operator()<2>() : 0;
    for (; j < w; j += W<T>) {
      const int64_t left = w - j;
      V<T> acc = column_partial<Op>(c, p, j, left);
      if (together == 4)
        acc = combine<Op, T>(combine<Op, T>(acc, column_partial<Op>(c, p + h, j, left)),
            combine<Op, T>(
                column_partial<Op>(c, p + h / 2, j, left), column_partial<Op>(c, p + h / 2 + h, j, left)));
      for (int l = down; l < up; ++l) acc = combine<Op, T>(load(stack[l] + j), acc);
      if (left >= W<T> || put != to) store(put + j, acc);
      else store(put + j, acc, left);
    }
  }
}

/// k <= Rows rows, each of which is a partial result: the tree stays in registers.
template <class Op, int Rows, class T>
void few_row_columns(const Columns<T>& c, int64_t w, T* out) {
  for (int64_t j = 0; j < w; j += W<T>) {
    const int64_t left = w - j;
    V<T> p[Rows];
#pragma GCC unroll 16
    for (int q = 0; q < Rows; ++q) {
      p[q] = identity<Op, T>();
      if (q < c.k) p[q] = left < W<T> ? column_step<Op>(c, q, j, left, p[q]) : column_step<Op>(c, q, j, p[q]);
    }
#pragma GCC unroll 4
    for (int h = Rows / 2; h > 0; h /= 2)
#pragma GCC unroll 8
      for (int q = 0; q < h; ++q) p[q] = combine<Op, T>(p[q], p[q + h]);
    if (left < W<T>) store(out + j, p[0], left);
    else store(out + j, p[0]);
  }
}

template <class Op, class T>
void column_block(const Columns<T>& c, int64_t w, T* out, Scratch scratch) {
  int64_t count = reduce_chunks(c.k);
  T* const s = count > 1 ? static_cast<T*>(scratch(static_cast<size_t>(count * w) * sizeof(T))) : out;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t at = i * chunk, length = c.k - at < chunk ? c.k - at : chunk;
    column_chunk<Op>(
        Columns<T>{c.a + at * c.a_row, c.a_row, offset(c.b, at * c.b_row), c.b_row, c.b_item, length}, w,
        s + i * w);
  }
  while (count > 1) {
    const int64_t above = reduce_chunks(count);
    for (int64_t i = 0; i < above; ++i) {
      const int64_t at = i * chunk, length = count - at < chunk ? count - at : chunk;
      column_chunk<typename Op::Combine>(
          Columns<T>{s + at * w, w, nullptr, 0, 0, length}, w, above > 1 ? s + i * w : out);
    }
    count = above;
  }
  for (int64_t j = 0; j < w; ++j) out[j] = arith::finish<Op>(out[j]);
}

template <class Op, class T>
void column_values(int64_t k, int64_t w, const T* a, int64_t a_row, const T* b, int64_t b_row, int64_t b_item,
    T* out, Scratch scratch) {
  if (k == 0) {
    for (int64_t j = 0; j < w; ++j) out[j] = arith::finish<Op>(arith::identity<Op, T>);
    return;
  }
  const Columns<T> all{a, a_row, b, b_row, b_item, k};
  if (k <= 16) {
    if (k <= 4) few_row_columns<Op, 4>(all, w, out);
    else few_row_columns<Op, 16>(all, w, out);
    for (int64_t j = 0; j < w; ++j) out[j] = arith::finish<Op>(out[j]);
    return;
  }
  for (int64_t j = 0; j < w; j += most_columns)
    column_block<Op>(Columns<T>{a + j, a_row, offset(b, j * b_item), b_row, b_item, k},
        w - j < most_columns ? w - j : most_columns, out + j, scratch);
}

template <class T>
void add_loops(Floating<T>& to) {
  arith::ReduceOps::for_each([&]<class Op>() {
    to.reduce[arith::ReduceOps::index_of<Op>()] = {
        row_values<Op, T>, chunk_values<Op, T>, column_values<Op, T>};
  });
}

}  // namespace

void add_reduce(Table& table) {
  add_loops(table.f32);
  add_loops(table.f64);
}

}  // namespace tenon::kernels::cpu::TENON_ISA
