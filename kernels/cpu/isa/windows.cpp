// Windows that slide over images. With a stride of 1 their elements lie side by side in the image.
#include <tenon/kernels/cpu/isa/parts.h>
#include <tenon/kernels/cpu/isa/rows.h>

namespace tenon::kernels::cpu::TENON_ISA {
namespace {

using arith::WindowAxis;
using arith::Windows;

/// n / d rounded up. Most strides and dilations are 1, and a division takes as long as several elements.
TENON_INLINE int64_t divide_up(int64_t n, int64_t d) { return d == 1 ? n : (n + d - 1) / d; }

struct Range {
  int64_t begin, end;
};

/// The windows whose element k is in the image.
TENON_INLINE Range windows_with(const WindowAxis& axis, int64_t k) {
  const int64_t first = axis.place(0, k), behind = axis.size - first;
  const int64_t begin = first < 0 ? lesser(divide_up(-first, axis.stride), axis.windows) : 0;
  const int64_t end = behind > 0 ? lesser(divide_up(behind, axis.stride), axis.windows) : 0;
  return {begin, end < begin ? begin : end};
}

/// The first element of window o that is not before the image.
TENON_INLINE int64_t first_element(const WindowAxis& axis, int64_t o) {
  const int64_t before = -axis.place(o, 0);
  return before > 0 ? divide_up(before, axis.dilation) : 0;
}

template <class T>
TENON_INLINE void clear(T* begin, const T* end) {
  int64_t n = end - begin;
  for (; n >= W<T>; n -= W<T>, begin += W<T>) store(begin, zero<T>());
  if (n > 0) store(begin, zero<T>(), n);
}

template <class T>
void unfold_images(const Windows& windows, int64_t begin, int64_t end, T* out, const T* a) {
  const WindowAxis h = windows.h, w = windows.w;
  const int64_t kernel = h.kernel * w.kernel, area = h.windows * w.windows;
  // Rows that follow each other both in the image and in the result are copied as one.
  const bool in_one = h.stride == 1 && w.stride == 1 && w.windows == w.size;
  for (; begin < end; ++begin) {
    const int64_t i = begin % kernel / w.kernel, j = begin % w.kernel, first = w.place(0, j);
    const T* const plane = a + begin / kernel * h.size * w.size;
    const Range rows = windows_with(h, i), columns = windows_with(w, j);
    T* const to = out + begin * area;
    if (rows.begin == rows.end || columns.begin == columns.end) {
      clear(to, to + area);
      continue;
    }
    const int64_t count = rows.end - rows.begin, width = columns.end - columns.begin;
    const T* const from = plane + (h.place(rows.begin, i) * w.size + first + columns.begin * w.stride);
    T* const inside = to + (rows.begin * w.windows + columns.begin);
    if (in_one) copy_elements((count - 1) * w.size + width, inside, from);
    else
      for (int64_t y = 0; y < count; ++y) {
        T* const row = inside + y * w.windows;
        const T* const of_row = from + y * h.stride * w.size;
        if (w.stride == 1) copy_elements(width, row, of_row);
        else
          for (int64_t x = 0; x < width; ++x) row[x] = of_row[x * w.stride];
      }
    // What is beside the image: above it, between the ends of each row and the start of the next, and below.
    clear(to, inside);
    for (int64_t y = 1; y < count; ++y) clear(inside + ((y - 1) * w.windows + width), inside + y * w.windows);
    clear(inside + ((count - 1) * w.windows + width), to + area);
  }
}

/// The rows of a plane from `row` on, `rows` of them, with strides of 1. Vectors of sums stay in registers:
/// the next loads of a row that was stored in part would wait for that store.
constexpr int folded_rows = 4;
template <class T>
void fold_rows(const Windows& windows, int64_t row, int64_t rows, T* out, const T* a) {
  const WindowAxis h = windows.h, w = windows.w;
  for (int64_t x = 0; x < w.size; x += W<T>) {
    V<T> sums[folded_rows];
#pragma GCC unroll 4
    for (V<T>& sum : sums) sum = zero<T>();
    const T* of_element = a;
    for (int64_t i = 0; i < h.kernel; ++i) {
      const int64_t y = row - h.place(0, i);  // the window whose element i is in the first of the rows
      for (int64_t j = 0; j < w.kernel; ++j, of_element += h.windows * w.windows) {
        const int64_t first = x - w.place(0, j), left = w.windows - first;
        const int64_t begin = lesser(first < 0 ? -first : 0, W<T>);
        const int64_t end = left < begin ? begin : lesser(left, W<T>);
        const T* const from = of_element + (y * w.windows + first);
#pragma GCC unroll 4
        for (int r = 0; r < folded_rows; ++r)
          if (y + r >= 0 && y + r < h.windows)
            sums[r] = add(sums[r], load_between(from + r * w.windows, begin, end));
      }
    }
#pragma GCC unroll 4
    for (int r = 0; r < folded_rows; ++r) {
      T* const to = out + (r * w.size + x);
      if (r >= rows) break;
      if (w.size - x >= W<T>) store(to, sums[r]);
      else store(to, sums[r], w.size - x);
    }
  }
}

template <class T>
void fold_strided_row(const Windows& windows, int64_t row, T* out, const T* a) {
  const WindowAxis h = windows.h, w = windows.w;
  clear(out, out + w.size);
  for (int64_t i = 0; i < h.kernel; ++i) {
    const int64_t distance = row - h.place(0, i), y = distance / h.stride;
    if (distance < 0 || y >= h.windows || y * h.stride != distance) continue;
    for (int64_t j = 0; j < w.kernel; ++j) {
      const Range columns = windows_with(w, j);
      const T* const from = a + ((i * w.kernel + j) * h.windows + y) * w.windows;
      T* const to = out + w.place(0, j);
      for (int64_t x = columns.begin; x < columns.end; ++x) to[x * w.stride] = to[x * w.stride] + from[x];
    }
  }
}

template <class T>
void fold_images(const Windows& windows, int64_t begin, int64_t end, T* out, const T* a) {
  const WindowAxis &h = windows.h, &w = windows.w;
  const bool adjacent = h.stride == 1 && w.stride == 1;
  while (begin < end) {
    const int64_t row = begin % h.size,
                  rows = lesser(adjacent ? folded_rows : 1, lesser(end - begin, h.size - row));
    T* const to = out + begin * w.size;
    const T* const of_plane = a + begin / h.size * h.kernel * w.kernel * h.windows * w.windows;
    if (adjacent) fold_rows(windows, row, rows, to, of_plane);
    else fold_strided_row(windows, row, to, of_plane);
    begin += rows;
  }
}

/// A row of windows takes each of its elements in turn.
template <class T>
void argmax_windows(const Windows& windows, int64_t begin, int64_t end, int64_t* index, const T* a) {
  const WindowAxis h = windows.h, w = windows.w;
  for (; begin < end; ++begin) {
    const T* const plane = a + begin / h.windows * h.size * w.size;
    int64_t* const best = index + begin * w.windows;
    const int64_t y = begin % h.windows, top = first_element(h, y);
    for (int64_t x = 0; x < w.windows; ++x)
      best[x] = h.place(y, top) * w.size + w.place(x, first_element(w, x));
    for (int64_t i = top; i < h.kernel && h.place(y, i) < h.size; ++i)
      for (int64_t j = 0; j < w.kernel; ++j) {
        const Range columns = windows_with(w, j);
        const int64_t first = h.place(y, i) * w.size + w.place(0, j);
        for (int64_t x = columns.begin; x < columns.end; ++x) {
          const int64_t at = first + x * w.stride;
          const T value = plane[at], largest = plane[best[x]];
          const bool is_larger = (value > largest) | ((value != value) & (largest == largest));
          best[x] += (at - best[x]) & -int64_t{is_larger};  // a branch would often be mispredicted
        }
      }
  }
}

}  // namespace

void add_windows(Table& table) {
  table.f32.windows = {unfold_images<float>, fold_images<float>, argmax_windows<float>};
  table.f64.windows = {unfold_images<double>, fold_images<double>, argmax_windows<double>};
}

}  // namespace tenon::kernels::cpu::TENON_ISA
