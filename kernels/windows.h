// Windows that slide over images.
#pragma once
#include <tenon/kernels/arith/windows.h>
#include <tenon/kernels/operand.h>

namespace tenon::kernels {

using arith::WindowAxis;
using arith::Windows;

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
