// Windows that slide over images: a thread per element of the result.
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/windows.h>

namespace tenon::kernels::cuda {
namespace {

/// Divides n in place and returns the remainder.
__device__ inline std::int64_t split(std::int64_t& n, std::int64_t divisor) {
  const std::int64_t quotient = n / divisor, remainder = n - quotient * divisor;
  n = quotient;
  return remainder;
}

__device__ inline bool is_in(const WindowAxis& axis, std::int64_t place) {
  return place >= 0 && place < axis.size;
}

template <class T>
__global__ void __launch_bounds__(block_threads)
    unfold_images(const __grid_constant__ Windows windows, std::int64_t n, T* out, const T* a) {
  const WindowAxis &h = windows.h, &w = windows.w;
  for (std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; at < n;
       at += std::int64_t{gridDim.x} * blockDim.x) {
    std::int64_t plane = at;
    const std::int64_t x = split(plane, w.windows), y = split(plane, h.windows);
    const std::int64_t j = split(plane, w.kernel), i = split(plane, h.kernel);
    const std::int64_t row = h.place(y, i), column = w.place(x, j);
    out[at] = is_in(h, row) && is_in(w, column) ? a[(plane * h.size + row) * w.size + column] : T(0);
  }
}

/// The window whose element k is at `place`, or -1.
__device__ inline std::int64_t window_at(const WindowAxis& axis, std::int64_t place, std::int64_t k) {
  const std::int64_t distance = place - axis.place(0, k), o = distance / axis.stride;
  return distance >= 0 && o < axis.windows && o * axis.stride == distance ? o : -1;
}

template <class T>
__global__ void __launch_bounds__(block_threads)
    fold_images(const __grid_constant__ Windows windows, std::int64_t n, T* out, const T* a) {
  const WindowAxis &h = windows.h, &w = windows.w;
  for (std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; at < n;
       at += std::int64_t{gridDim.x} * blockDim.x) {
    std::int64_t plane = at;
    const std::int64_t column = split(plane, w.size), row = split(plane, h.size);
    T sum = T(0);
    for (std::int64_t i = 0; i < h.kernel; ++i) {
      const std::int64_t y = window_at(h, row, i);
      if (y < 0) continue;
      for (std::int64_t j = 0; j < w.kernel; ++j) {
        const std::int64_t x = window_at(w, column, j);
        if (x < 0) continue;
        sum = sum + a[(((plane * h.kernel + i) * w.kernel + j) * h.windows + y) * w.windows + x];
      }
    }
    out[at] = sum;
  }
}

template <class T>
__global__ void __launch_bounds__(block_threads) argmax_in_windows(
    const __grid_constant__ Windows windows, std::int64_t n, std::int64_t* index, const T* a) {
  const WindowAxis &h = windows.h, &w = windows.w;
  for (std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; at < n;
       at += std::int64_t{gridDim.x} * blockDim.x) {
    std::int64_t plane = at;
    const std::int64_t x = split(plane, w.windows), y = split(plane, h.windows);
    std::int64_t best = -1;
    T largest = T(0);
    for (std::int64_t i = 0; i < h.kernel; ++i) {
      const std::int64_t row = h.place(y, i);
      if (!is_in(h, row)) continue;
      for (std::int64_t j = 0; j < w.kernel; ++j) {
        const std::int64_t column = w.place(x, j);
        if (!is_in(w, column)) continue;
        const T value = a[(plane * h.size + row) * w.size + column];
        if (best >= 0 && !(value > largest) && (value == value || largest != largest)) continue;
        largest = value;
        best = row * w.size + column;
      }
    }
    index[at] = best;
  }
}

/// Launches a kernel with a thread for each of `each` elements per plane.
template <class To, class T>
void launch_over(Stream stream, const char* name, void (*kernel)(Windows, std::int64_t, To*, const T*),
    const Windows& windows, std::int64_t each, void* out, const void* a) {
  const std::int64_t n = windows.planes * each;
  launch({stream, name, {windows.planes, windows.h.size, windows.w.size}}, kernel,
      blocks_for(stream, n, block_threads), block_threads, windows, n, static_cast<To*>(out),
      static_cast<const T*>(a));
}

}  // namespace

void unfold(Stream stream, DType dtype, Windows windows, void* out, const void* a) {
  visit_floating("unfold", dtype, [&]<class T>(std::type_identity<T>) {
    launch_over<T, T>(stream, "unfold_images", unfold_images<T>, windows,
        windows.h.kernel * windows.w.kernel * windows.h.windows * windows.w.windows, out, a);
  });
}

void fold(Stream stream, DType dtype, Windows windows, void* out, const void* a) {
  visit_floating("fold", dtype, [&]<class T>(std::type_identity<T>) {
    launch_over<T, T>(
        stream, "fold_images", fold_images<T>, windows, windows.h.size * windows.w.size, out, a);
  });
}

void argmax_windows(Stream stream, DType dtype, Windows windows, std::int64_t* index, const void* a) {
  visit_floating("max_pool2d", dtype, [&]<class T>(std::type_identity<T>) {
    launch_over<std::int64_t, T>(stream, "argmax_in_windows", argmax_in_windows<T>, windows,
        windows.h.windows * windows.w.windows, index, a);
  });
}

}  // namespace tenon::kernels::cuda
