// Fills whose element i is a function of i alone: ranges, in double and rounded once.
#pragma once
#include <tenon/kernels/operand.h>

namespace tenon::kernels {

/// out[i] = start + step i: by fma for floating point, exact for int64. Dense.
void arange(Stream stream, DType dtype, std::int64_t n, void* out, double start, double step);
/// n evenly spaced values from start to end, from the nearer end. Floating point, dense.
void linspace(Stream stream, DType dtype, std::int64_t n, void* out, double start, double end);

// The implementations for each device.
namespace cpu {
decltype(kernels::arange) arange;
decltype(kernels::linspace) linspace;
}  // namespace cpu
namespace cuda {
decltype(kernels::arange) arange;
decltype(kernels::linspace) linspace;
}  // namespace cuda

}  // namespace tenon::kernels
