// Indexing along a dimension, and its gradients. Rows are moved and added in wide vectors, single elements
// one by one: instructions that gather them were measured to be slower.
#include <string.h>

#include <tenon/kernels/cpu/isa/parts.h>
#include <tenon/kernels/cpu/isa/rows.h>

namespace tenon::kernels::cpu::TENON_ISA {
namespace {

bool in_range(int64_t n, const int64_t* index, int64_t size) {
  if (n < 32) {  // too few for vectors to be faster
    for (int64_t i = 0; i < n; ++i)
      if (static_cast<uint64_t>(index[i]) >= static_cast<uint64_t>(size)) return false;
    return true;
  }
  // An index below 0 has its sign bit set, and one that exceeds the last sets that of the difference.
  const uint64_t last = static_cast<uint64_t>(size) - 1;
  uint64_t signs = 0;
  for (int64_t i = 0; i < n; ++i) {
    const auto at = static_cast<uint64_t>(index[i]);
    signs |= at | (last - at);
  }
  return static_cast<int64_t>(signs) >= 0;
}

template <class T>
TENON_INLINE void prefetch(const T* p, int64_t n) {
  for (int64_t at = 0; at < n; at += 64 / sizeof(T)) __builtin_prefetch(p + at);
}
// The hardware foresees the rest of a row, but not where the next one starts: the start of a later row is
// fetched ahead.
constexpr int rows_ahead = 4, start_bytes = 256;

/// Copies a row in blocks of B bytes. The last one may overlap the one before it.
template <int B>
TENON_INLINE void copy_row(char* to, const char* from, int64_t bytes) {
  if (bytes >= 1024) {  // the call no longer matters
    memcpy(to, from, static_cast<size_t>(bytes));
    return;
  }
  for (int64_t at = 0; at < bytes - B; at += B) memcpy(to + at, from + at, B);
  memcpy(to + bytes - B, from + bytes - B, B);
}

/// Rows have B bytes if exact, and otherwise more.
template <int B, bool exact>
void take_blocks(const IndexedRows& rows, int64_t begin, int64_t end, char* out, const char* a) {
  const IndexedRows r = rows;
  const int64_t bytes = exact ? B : r.width;
  int64_t o = begin > 0 ? begin / r.count : 0, i = begin - o * r.count;
  if constexpr (exact && B < 64)
    if (r.count < 16) {
      const int64_t* index = r.index + o * r.index_step;
      for (const char* from = a + o * r.size * B; begin < end; ++begin) {
        memcpy(out + begin * B, from + index[i] * B, B);
        if (++i < r.count) continue;
        i = 0;
        index += r.index_step;
        from += r.size * B;
      }
      return;
    }
  for (int64_t n; begin < end; begin += n, ++o, i = 0) {
    n = lesser(r.count - i, end - begin);
    const int64_t* const index = r.index + o * r.index_step + i;
    const char* const from = a + o * r.size * bytes;
    char* const to = out + begin * bytes;
    if constexpr (!exact || B == 64) {
      for (int64_t k = 0; k < n; ++k) {
        if (k + rows_ahead < n) prefetch(from + index[k + rows_ahead] * bytes, lesser(bytes, start_bytes));
        copy_row<B>(to + k * bytes, from + index[k] * bytes, bytes);
      }
    } else {
      // Nor does it foresee elements in random order. If many are wanted, those of the next outer position
      // are fetched.
      constexpr int64_t most = 16384 / B;
      if (r.size <= most && n >= r.size / 4) prefetch(from + r.size * B, r.size * B);
#pragma GCC unroll 8
      for (int64_t k = 0; k < n; ++k) memcpy(to + k * B, from + index[k] * B, B);
    }
  }
}

template <int B>
bool take_if(const IndexedRows& r, int64_t begin, int64_t end, char* out, const char* a) {
  if (r.width == B) take_blocks<B, true>(r, begin, end, out, a);
  else if (r.width > B) take_blocks<B, false>(r, begin, end, out, a);
  return r.width >= B;
}
void take(const IndexedRows& r, int64_t begin, int64_t end, void* out, const void* a) {
  char* const to = static_cast<char*>(out);
  const char* const from = static_cast<const char*>(a);
  take_if<64>(r, begin, end, to, from) || take_if<32>(r, begin, end, to, from) ||
      take_if<16>(r, begin, end, to, from) || take_if<8>(r, begin, end, to, from) ||
      take_if<4>(r, begin, end, to, from) || take_if<1>(r, begin, end, to, from);
}

/// Calls body(j) for j < n.
template <class Body>
TENON_INLINE void each(int64_t n, Body body) {
  if (n < 16) {
    for (int64_t j = 0; j < n; ++j) body(j);
  } else {
#pragma GCC unroll 8
    for (int64_t j = 0; j < n; ++j) body(j);
  }
}

template <class T>
bool take_columns(const IndexedColumns& columns, void* out, const void* a) {
  const IndexedColumns c = columns;
  const bool whole = c.width == c.row;
  const int64_t step = whole && c.row < 1024 ? 1024 / c.row : 1;
  for (int64_t first = 0; first < c.count; first += step) {
    // A part of the index stays in a cache between its check and its use.
    const int64_t last = lesser(first + step, c.count);
    if (!in_range(whole ? (last - first) * c.row : c.width, c.index + first * c.row, c.size)) return false;
    for (int64_t i = first; i < last; ++i) {
      const int64_t* const index = c.index + i * c.row;
      T* const to = static_cast<T*>(out) + i * c.row;
      const T* const from = static_cast<const T*>(a);
      if (!whole && i + rows_ahead < c.count) {
        prefetch(index + rows_ahead * c.row, c.width);
        prefetch(to + rows_ahead * c.row, c.width);
      }
      each(
          c.width, [=](int64_t j) __attribute__((always_inline)) { to[j] = from[index[j] * c.row + j]; });
    }
  }
  return true;
}

template <class T>
TENON_INLINE void clear_row(int64_t n, T* out, int64_t ahead) {
  int64_t j = 0;
  for (; j + W<T> <= n; j += W<T>) {
    __builtin_prefetch(out + j + ahead, 1);
    store(out + j, zero<T>());
  }
  if (j < n) store(out + j, zero<T>(), n - j);
}
template <class T>
void clear(int64_t rows, int64_t row, int64_t width, T* out) {
  // What is cleared next is fetched before it is written to.
  if (width == row) return clear_row(rows * width, out, 1024 / sizeof(T));
  for (int64_t i = 0; i < rows; ++i) clear_row(width, out + i * row, row);
}

/// Adds the rows of g at n positions to one outer position of the result.
template <class T, class Position>
TENON_INLINE void add_positions(
    const IndexedRows& r, const int64_t* index, T* out, const T* g, int64_t n, Position position) {
  if (r.row == 1)
    return each(
        n, [=](int64_t k) __attribute__((always_inline)) {
          T& to = out[index[position(k)]];
          to = to + g[position(k)];
        });
  const bool is_long = r.width * static_cast<int64_t>(sizeof(T)) >= 128;
  for (int64_t k = 0; k < n; ++k) {
    if (is_long && k + rows_ahead < n)
      prefetch(out + index[position(k + rows_ahead)] * r.row, lesser(r.width, start_bytes / sizeof(T)));
    add_row(r.width, out + index[position(k)] * r.row, g + position(k) * r.row);
  }
}

template <class T>
void add_rows(const IndexedRows& rows, int64_t begin, int64_t end, T* out, const T* g) {
  const IndexedRows r = rows;
  const int64_t at_once = 1024 / r.row;  // these stay in a cache until they are added to
  int64_t cleared = begin;
  for (int64_t o = begin > 0 ? begin / r.size : 0; o * r.size < end; ++o) {
    const int64_t first = o * r.size, low = begin > first ? begin - first : 0,
                  high = lesser(r.size, end - first);
    const int64_t* const index = r.index + o * r.index_step;
    T* const to = out + first * r.row;
    const T* const from = g + o * r.count * r.row;
    if (const int64_t last = first + high; cleared < last) {
      const int64_t next = lesser(end, last < cleared + at_once ? cleared + at_once : last);
      clear(next - cleared, r.row, r.width, out + cleared * r.row);
      cleared = next;
    }
    if (high - low == r.size) {
      add_positions(
          r, index, to, from, r.count, [](int64_t k) __attribute__((always_inline)) { return k; });
      continue;
    }
    // The positions of indices in [low, high) are listed without branches, which would be mispredicted.
    constexpr int block = 512;
    int64_t list[block];
    for (int64_t i = 0; i < r.count; i += block) {
      int n = 0;
      for (int64_t k = i; k < lesser(i + block, r.count); ++k) {
        list[n] = k;
        n += static_cast<uint64_t>(index[k] - low) < static_cast<uint64_t>(high - low);
      }
      add_positions(
          r, index, to, from, n, [&](int64_t k) __attribute__((always_inline)) { return list[k]; });
    }
  }
}

template <class T>
void add_columns(const IndexedColumns& columns, T* out, const T* g) {
  const IndexedColumns c = columns;
  clear(c.size, c.row, c.width, out);
  for (int64_t i = 0; i < c.count; ++i) {
    const int64_t* const index = c.index + i * c.row;
    const T* const from = g + i * c.row;
    if (c.width < c.row && i + rows_ahead < c.count) {
      prefetch(index + rows_ahead * c.row, c.width);
      prefetch(from + rows_ahead * c.row, c.width);
    }
    each(
        c.width, [=](int64_t j) __attribute__((always_inline)) {
          T& to = out[index[j] * c.row + j];
          to = to + from[j];
        });
  }
}

}  // namespace

void add_index(Table& table) {
  table.index.in_range = in_range;
  table.index.take = take;
  Elements::for_each(
      [&]<class T>() { table.index.take_columns[Elements::index_of<T>()] = take_columns<arith::Bytes<T>>; });
  table.f32.index_add = {add_rows<float>, add_columns<float>};
  table.f64.index_add = {add_rows<double>, add_columns<double>};
}

}  // namespace tenon::kernels::cpu::TENON_ISA
