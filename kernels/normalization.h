// Rows divided by their standard deviation, or by their root mean square, and the gradient of that.
#pragma once
#include <tenon/kernels/operand.h>

namespace tenon::kernels {

/// The longest rows that these kernels take; of longer ones, they would be a sequence of other kernels.
std::int64_t longest_normalized_row(Stream stream);

/// Dense rows, [rows, size], which have elements. Floating point.
struct Normalization {
  enum class Kind { layer, rms };  // rms subtracts no mean
  Kind kind;
  DType dtype;
  std::int64_t rows, size;
  double eps;
};

/// y = d * scale, d = a - mean(a), scale = 1 / sqrt(mean(d d) + eps), and out = y * weight + bias, each step
/// rounded. Weight and bias, [size], may be null, and then that step is left out; y may be null, and must be
/// where out is y. There is a scale per row.
void normalize(Stream stream, const Normalization& what, void* out, void* y, void* scale, const void* a,
    const void* weight, const void* bias);

/// The gradient of a, given the upstream gradient g of out: ((h - y mean(h y)) - mean(h)) * scale, h = g *
/// weight. For rms the mean is left out.
void normalize_backward(Stream stream, const Normalization& what, void* out, const void* g,
    const void* weight, const void* y, const void* scale);

// The implementations per device; on CUDA each is one launch.
namespace cpu {
inline constexpr std::int64_t longest_normalized_row = 32768;  // stays in a cache
decltype(kernels::normalize) normalize;
decltype(kernels::normalize_backward) normalize_backward;
}  // namespace cpu
namespace cuda {
inline constexpr std::int64_t longest_normalized_row = 1 << 20;  // stays in the shared memory of a block
decltype(kernels::normalize) normalize;
decltype(kernels::normalize_backward) normalize_backward;
}  // namespace cuda

}  // namespace tenon::kernels
