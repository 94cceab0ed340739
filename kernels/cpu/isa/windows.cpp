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
  for (T* at = begin; at < end; ++at) *at = T(0);
}

template <class T>
void unfold_images(const Windows& windows, int64_t begin, int64_t end, T* out, const T* a) {
  const WindowAxis h = windows.h, w = windows.w;
  const int64_t kernel = h.kernel * w.kernel;
  for (; begin < end; ++begin) {
    const int64_t i = begin % kernel / w.kernel, j = begin % w.kernel, first = w.place(0, j);
    const T* const plane = a + begin / kernel * h.size * w.size;
    const Range rows = windows_with(h, i), columns = windows_with(w, j);
    T* to = out + begin * h.windows * w.windows;
    clear(to, to + rows.begin * w.windows);
    to += rows.begin * w.windows;
    for (int64_t y = rows.begin; y < rows.end; ++y, to += w.windows) {
      const T* const from = plane + h.place(y, i) * w.size;
      clear(to, to + columns.begin);
      if (w.stride == 1 && columns.begin < columns.end)
        copy_elements(columns.end - columns.begin, to + columns.begin, from + (first + columns.begin));
      else
        for (int64_t x = columns.begin; x < columns.end; ++x) to[x] = from[first + x * w.stride];
      clear(to + columns.end, to + w.windows);
    }
    clear(to, to + (h.windows - rows.end) * w.windows);
  }
}

template <class T>
void fold_images(const Windows& windows, int64_t begin, int64_t end, T* out, const T* a) {
  const WindowAxis h = windows.h, w = windows.w;
  const int64_t kernel = h.kernel * w.kernel, area = h.windows * w.windows;
  for (; begin < end; ++begin) {
    T* const row = out + begin * w.size;
    clear(row, row + w.size);
    for (int64_t i = 0; i < h.kernel; ++i) {
      const int64_t distance = begin % h.size - h.place(0, i),
                    y = h.stride == 1 ? distance : distance / h.stride;
      if (distance < 0 || y >= h.windows || y * h.stride != distance) continue;
      for (int64_t j = 0; j < w.kernel; ++j) {
        const Range columns = windows_with(w, j);
        const T* const from = a + (begin / h.size * kernel + i * w.kernel + j) * area + y * w.windows;
        const int64_t first = w.place(0, j);
        if (w.stride == 1 && columns.begin < columns.end)
          add_row(columns.end - columns.begin, row + (first + columns.begin), from + columns.begin);
        else
          for (int64_t x = columns.begin; x < columns.end; ++x)
            row[first + x * w.stride] = row[first + x * w.stride] + from[x];
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
