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

/// Row y of the windows whose element i is in row `row` of the image, or -1.
TENON_INLINE int64_t window_at(const WindowAxis& h, int64_t row, int64_t i) {
  const int64_t distance = row - h.place(0, i), y = h.stride == 1 ? distance : distance / h.stride;
  return distance >= 0 && y < h.windows && y * h.stride == distance ? y : -1;
}

/// With a stride of 1. A vector of sums stays in a register: the next loads of a row that was stored in part
/// would wait for that store.
template <class T>
void fold_adjacent(const Windows& windows, int64_t row, T* out, const T* a) {
  const WindowAxis &h = windows.h, &w = windows.w;
  const int64_t area = h.windows * w.windows;
  for (int64_t x = 0; x < w.size; x += W<T>) {
    V<T> sums = zero<T>();
    const T* of_element = a;
    for (int64_t i = 0; i < h.kernel; ++i) {
      const int64_t y = window_at(h, row, i);
      if (y < 0) {
        of_element += w.kernel * area;
        continue;
      }
      for (int64_t j = 0; j < w.kernel; ++j, of_element += area) {
        const int64_t first = x - w.place(0, j);  // the window whose element j is at x
        const int64_t begin = lesser(first < 0 ? -first : 0, W<T>), left = w.windows - first;
        const int64_t end = left < begin ? begin : lesser(left, W<T>);
        sums = add(sums, load_between(of_element + (y * w.windows + first), begin, end));
      }
    }
    if (w.size - x >= W<T>) store(out + x, sums);
    else store(out + x, sums, w.size - x);
  }
}

template <class T>
void fold_images(const Windows& windows, int64_t begin, int64_t end, T* out, const T* a) {
  const WindowAxis h = windows.h, w = windows.w;
  const int64_t area = h.windows * w.windows, of_plane = h.kernel * w.kernel * area;
  for (; begin < end; ++begin) {
    T* const to = out + begin * w.size;
    const T* of_element = a + begin / h.size * of_plane;
    if (w.stride == 1) {
      fold_adjacent(windows, begin % h.size, to, of_element);
      continue;
    }
    clear(to, to + w.size);
    for (int64_t i = 0; i < h.kernel; ++i) {
      const int64_t y = window_at(h, begin % h.size, i);
      for (int64_t j = 0; j < w.kernel; ++j, of_element += area) {
        if (y < 0) continue;
        const Range columns = windows_with(w, j);
        const T* const from = of_element + y * w.windows;
        const int64_t first = w.place(0, j);
        for (int64_t x = columns.begin; x < columns.end; ++x)
          to[first + x * w.stride] = to[first + x * w.stride] + from[x];
      }
    }
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
