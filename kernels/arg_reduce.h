// The position of the largest or the smallest element along a dimension.
#pragma once
#include <tenon/kernels/index.h>

namespace tenon::kernels {

/// out[o, j] = the first i at which a[o, i, j] is the largest, or else the smallest: the first NaN if there
/// is one; the two zeros are equal. float32, float64 and int64; layout.size > 0.
void arg_extreme(Stream stream, DType dtype, Indexed layout, bool largest, std::int64_t* out, const void* a);

// The implementation for each device.
namespace cpu {
decltype(kernels::arg_extreme) arg_extreme;
}
namespace cuda {
decltype(kernels::arg_extreme) arg_extreme;
}

}  // namespace tenon::kernels
