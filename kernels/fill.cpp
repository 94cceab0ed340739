#include <tenon/kernels/fill.h>

#include <tenon/kernels/on_device.h>

namespace tenon::kernels {

void arange(Stream stream, DType dtype, std::int64_t n, void* out, double start, double step) {
  on_device<cpu::arange, cuda::arange>(stream, dtype, n, out, start, step);
}

void linspace(Stream stream, DType dtype, std::int64_t n, void* out, double start, double end) {
  on_device<cpu::linspace, cuda::linspace>(stream, dtype, n, out, start, end);
}

}  // namespace tenon::kernels
