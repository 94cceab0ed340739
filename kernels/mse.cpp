#include <tenon/kernels/mse.h>

#include <tenon/kernels/on_device.h>

namespace tenon::kernels {

void mse(Stream stream, DType dtype, std::int64_t n, void* loss, void* gradient, const void* a, const void* b,
    double count) {
  on_device<cpu::mse, cuda::mse>(stream, dtype, n, loss, gradient, a, b, count);
}

}  // namespace tenon::kernels
