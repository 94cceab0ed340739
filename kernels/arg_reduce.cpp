#include <tenon/kernels/arg_reduce.h>

#include <tenon/kernels/on_device.h>

namespace tenon::kernels {

void arg_extreme(Stream stream, DType dtype, Indexed layout, bool largest, std::int64_t* out, const void* a) {
  on_device<cpu::arg_extreme, cuda::arg_extreme>(stream, dtype, layout, largest, out, a);
}

}  // namespace tenon::kernels
