#include <tenon/kernels/matmul.h>

#include <tenon/kernels/on_device.h>

namespace tenon::kernels {

void matmul(Stream stream, DType dtype, void* out, const Matrix& a, const Matrix& b, const void* bias) {
  on_device<cpu::matmul, cuda::matmul>(stream, dtype, out, a, b, bias);
}

}  // namespace tenon::kernels
