// The squared error and its gradient in one pass.
#pragma once
#include <tenon/kernels/operand.h>

namespace tenon::kernels {

/// loss = R((a - b)^2) / count, one element; gradient = (2 / count) (a - b), n elements, as scaled_difference
/// gives for an upstream gradient of 1. All dense, floating point.
void mse(Stream stream, DType dtype, std::int64_t n, void* loss, void* gradient, const void* a, const void* b,
    double count);

// The implementations per device; on CUDA in one launch.
namespace cpu {
decltype(kernels::mse) mse;
}
namespace cuda {
decltype(kernels::mse) mse;
}

}  // namespace tenon::kernels
