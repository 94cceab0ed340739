// Running sums along a dimension.
#pragma once
#include <tenon/kernels/index.h>

namespace tenon::kernels {

/// out[o, i, j] = the sum of a[o, 0 ... i, j], in the order that docs/numerics.md defines for cumsum.
/// float32, float64 and int64 (modulo 2^64).
void cumsum(Stream stream, DType dtype, Indexed layout, void* out, const void* a);

// The implementation for each device.
namespace cpu {
decltype(kernels::cumsum) cumsum;
}
namespace cuda {
decltype(kernels::cumsum) cumsum;
}

}  // namespace tenon::kernels
