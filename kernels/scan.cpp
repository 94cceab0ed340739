#include <tenon/kernels/scan.h>

#include <tenon/kernels/on_device.h>

namespace tenon::kernels {

void cumsum(Stream stream, DType dtype, Indexed layout, void* out, const void* a) {
  on_device<cpu::cumsum, cuda::cumsum>(stream, dtype, layout, out, a);
}

}  // namespace tenon::kernels
