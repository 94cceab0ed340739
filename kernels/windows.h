// Windows that slide over images.
#pragma once
#include <tenon/kernels/arith/host_device.h>
#include <tenon/kernels/operand.h>

namespace tenon::kernels {

/// The windows along one dimension of an image: element k < kernel of window o is at place(o, k), which may
/// be beside the image, that is, not in [0, size).
struct WindowAxis {
  std::int64_t size, kernel, stride, padding, dilation, windows;

  TENON_HOST_DEVICE_MEMBER std::int64_t place(std::int64_t o, std::int64_t k) const {
    return o * stride + k * dilation - padding;
  }
};
/// The windows of dense images a[planes, h.size, w.size].
struct Windows {
  std::int64_t planes;
  WindowAxis h, w;
};

/// out[p, i, j, y, x] = a[p, h.place(y, i), w.place(x, j)], or 0 beside the image. Floating point.
void unfold(Stream stream, DType dtype, Windows windows, void* out, const void* a);

/// The adjoint: each element of out[planes, h.size, w.size] is the sum of those of a[p, i, j, y, x] that
/// unfold would have read from it, added in ascending order of i and j, from +0. Floating point.
void fold(Stream stream, DType dtype, Windows windows, void* out, const void* a);

/// index[p, y, x] = where in its plane the largest element of a window is: the first one of equals, or the
/// first NaN. Each window must have an element of the image. Floating point.
void argmax_windows(Stream stream, DType dtype, Windows windows, std::int64_t* index, const void* a);

// The implementations per device.
namespace cpu {
decltype(kernels::unfold) unfold;
decltype(kernels::fold) fold;
decltype(kernels::argmax_windows) argmax_windows;
}  // namespace cpu
namespace cuda {
decltype(kernels::unfold) unfold;
decltype(kernels::fold) fold;
decltype(kernels::argmax_windows) argmax_windows;
}  // namespace cuda

}  // namespace tenon::kernels
