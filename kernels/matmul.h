// The matrix product, in the order of docs/numerics.md section 2.
#pragma once
#include <tenon/kernels/operand.h>

namespace tenon::kernels {

/// out[m, n] = a[m, k] b[k, n] (+ bias[n], one addition after the product), out dense row-major. float32 or
/// float64. Sizes may be zero (k = 0 gives +0). `bias` has n consecutive elements or is null.
void matmul(
    Stream stream, DType dtype, void* out, const Matrix& a, const Matrix& b, const void* bias = nullptr);

// The implementations per device.
namespace cpu {
decltype(kernels::matmul) matmul;
}
namespace cuda {
decltype(kernels::matmul) matmul;
}

}  // namespace tenon::kernels
