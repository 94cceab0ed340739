#include <tenon/kernels/windows.h>

#include <algorithm>

#include <tenon/core/parallel.h>

namespace tenon::kernels::cpu {
namespace {

constexpr std::int64_t grain = 32768;

std::int64_t grain_of(std::int64_t elements_per_item) {
  return std::max<std::int64_t>(1, grain / std::max<std::int64_t>(1, elements_per_item));
}

/// n / d rounded up. Most strides and dilations are 1, and a division takes as long as several elements.
std::int64_t divide_up(std::int64_t n, std::int64_t d) { return d == 1 ? n : (n + d - 1) / d; }

struct Range {
  std::int64_t begin, end;
};

/// The windows whose element k is in the image.
Range windows_with(const WindowAxis& axis, std::int64_t k) {
  const std::int64_t first = axis.place(0, k), behind = axis.size - first;
  const std::int64_t begin = first < 0 ? divide_up(-first, axis.stride) : 0;
  const std::int64_t end = behind > 0 ? divide_up(behind, axis.stride) : 0;
  return {std::min(begin, axis.windows), std::min(std::max(begin, end), axis.windows)};
}

/// The first element of window o that is not before the image.
std::int64_t first_element(const WindowAxis& axis, std::int64_t o) {
  const std::int64_t before = -axis.place(o, 0);
  return before > 0 ? divide_up(before, axis.dilation) : 0;
}

template <class T>
void unfold_planes(const Windows& windows, T* out, const T* a) {
  const WindowAxis &h = windows.h, &w = windows.w;
  const std::int64_t kernel = h.kernel * w.kernel, area = h.windows * w.windows;
  // Element (i, j) of all windows of a plane.
  parallel_for(windows.planes * kernel, grain_of(area), [&](std::int64_t begin, std::int64_t end) {
    for (; begin < end; ++begin) {
      const std::int64_t i = begin % kernel / w.kernel, j = begin % w.kernel;
      const T* const plane = a + begin / kernel * h.size * w.size;
      const Range rows = windows_with(h, i), columns = windows_with(w, j);
      T* to = out + begin * area;
      for (std::int64_t y = 0; y < h.windows; ++y, to += w.windows) {
        if (y < rows.begin || y >= rows.end) {
          std::fill_n(to, w.windows, T(0));
          continue;
        }
        const T* const from = plane + h.place(y, i) * w.size;
        const std::int64_t first = w.place(0, j);
        for (std::int64_t x = 0; x < columns.begin; ++x) to[x] = T(0);
        if (w.stride == 1) {
          for (std::int64_t x = columns.begin; x < columns.end; ++x) to[x] = from[first + x];
        } else {
          for (std::int64_t x = columns.begin; x < columns.end; ++x) to[x] = from[first + x * w.stride];
        }
        for (std::int64_t x = columns.end; x < w.windows; ++x) to[x] = T(0);
      }
    }
  });
}

template <class T>
void fold_planes(const Windows& windows, T* out, const T* a) {
  const WindowAxis &h = windows.h, &w = windows.w;
  const std::int64_t kernel = h.kernel * w.kernel, area = h.windows * w.windows;
  // A row of the image gets a row of windows for each element (i, j).
  parallel_for(
      windows.planes * h.size, grain_of(kernel * w.windows), [&](std::int64_t begin, std::int64_t end) {
        for (; begin < end; ++begin) {
          T* const row = out + begin * w.size;
          std::fill_n(row, w.size, T(0));
          for (std::int64_t i = 0; i < h.kernel; ++i) {
            const std::int64_t y = (begin % h.size - h.place(0, i)) / h.stride;
            if (y < 0 || y >= h.windows || h.place(y, i) != begin % h.size) continue;
            for (std::int64_t j = 0; j < w.kernel; ++j) {
              const Range columns = windows_with(w, j);
              const T* const from = a + (begin / h.size * kernel + i * w.kernel + j) * area + y * w.windows;
              const std::int64_t first = w.place(0, j);
              if (w.stride == 1) {
                for (std::int64_t x = columns.begin; x < columns.end; ++x)
                  row[first + x] = row[first + x] + from[x];
              } else {
                for (std::int64_t x = columns.begin; x < columns.end; ++x)
                  row[first + x * w.stride] = row[first + x * w.stride] + from[x];
              }
            }
          }
        }
      });
}

template <class T>
void argmax_planes(const Windows& windows, std::int64_t* index, const T* a) {
  const WindowAxis &h = windows.h, &w = windows.w;
  // A row of windows takes each of its elements in turn.
  parallel_for(windows.planes * h.windows, grain_of(h.kernel * w.kernel * w.windows),
      [&](std::int64_t begin, std::int64_t end) {
        for (; begin < end; ++begin) {
          const T* const plane = a + begin / h.windows * h.size * w.size;
          std::int64_t* const best = index + begin * w.windows;
          const std::int64_t y = begin % h.windows, top = first_element(h, y);
          for (std::int64_t x = 0; x < w.windows; ++x)
            best[x] = h.place(y, top) * w.size + w.place(x, first_element(w, x));
          for (std::int64_t i = top; i < h.kernel && h.place(y, i) < h.size; ++i)
            for (std::int64_t j = 0; j < w.kernel; ++j) {
              const Range columns = windows_with(w, j);
              const std::int64_t first = h.place(y, i) * w.size + w.place(0, j);
              for (std::int64_t x = columns.begin; x < columns.end; ++x) {
                const std::int64_t at = first + x * w.stride;
                const T value = plane[at], largest = plane[best[x]];
                const bool is_larger = (value > largest) | ((value != value) & (largest == largest));
                // A branch would often be mispredicted.
                best[x] += (at - best[x]) & -std::int64_t{is_larger};
              }
            }
        }
      });
}

}  // namespace

void unfold(Stream, DType dtype, Windows windows, void* out, const void* a) {
  visit_floating("unfold", dtype, [&]<class T>(std::type_identity<T>) {
    unfold_planes(windows, static_cast<T*>(out), static_cast<const T*>(a));
  });
}

void fold(Stream, DType dtype, Windows windows, void* out, const void* a) {
  visit_floating("fold", dtype, [&]<class T>(std::type_identity<T>) {
    fold_planes(windows, static_cast<T*>(out), static_cast<const T*>(a));
  });
}

void argmax_windows(Stream, DType dtype, Windows windows, std::int64_t* index, const void* a) {
  visit_floating("max_pool2d", dtype,
      [&]<class T>(std::type_identity<T>) { argmax_planes(windows, index, static_cast<const T*>(a)); });
}

}  // namespace tenon::kernels::cpu
