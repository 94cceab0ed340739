// Fills in which element i is a function of i alone.
#pragma once
#include <tenon/kernels/operand.h>

namespace tenon::kernels {

/// out[i] = start + step i: by fma for floating point, exact for int64. Dense.
void arange(Stream stream, DType dtype, std::int64_t n, void* out, double start, double step);
/// n evenly spaced values from start to end, each computed from the nearer end. Floating point, dense.
void linspace(Stream stream, DType dtype, std::int64_t n, void* out, double start, double end);

// The implementations per device.
namespace cpu {
decltype(kernels::arange) arange;
decltype(kernels::linspace) linspace;
}  // namespace cpu
namespace cuda {
decltype(kernels::arange) arange;
decltype(kernels::linspace) linspace;
}  // namespace cuda

}  // namespace tenon::kernels
