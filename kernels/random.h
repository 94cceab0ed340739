// Counter-based random fills: element i depends on (seed, stream id, i) only (docs/numerics.md section 5).
#pragma once
#include <tenon/kernels/operand.h>

namespace tenon::kernels {

/// The key of one random call.
struct RandomKey {
  std::uint64_t seed, stream;
};

/// out[i] = low + (high - low) * u, u in [0, 1): floating point, dense.
void random_uniform(
    Stream stream, DType dtype, std::int64_t n, void* out, RandomKey key, double low, double high);
/// out[i] = mean + deviation * z, one fma: floating point, dense.
void random_normal(
    Stream stream, DType dtype, std::int64_t n, void* out, RandomKey key, double mean, double deviation);
/// out[i] uniform in [low, high), int64 or floating point (integers in range), dense. high > low.
void random_integers(Stream stream, DType dtype, std::int64_t n, void* out, RandomKey key, std::int64_t low,
    std::int64_t high);
/// out = a permutation of 0 ... n - 1, int64, dense; a function of (key, n).
void random_permutation(Stream stream, std::int64_t n, std::int64_t* out, RandomKey key);

// The implementations per device.
namespace cpu {
decltype(kernels::random_uniform) random_uniform;
decltype(kernels::random_normal) random_normal;
decltype(kernels::random_integers) random_integers;
decltype(kernels::random_permutation) random_permutation;
}  // namespace cpu
namespace cuda {
decltype(kernels::random_uniform) random_uniform;
decltype(kernels::random_normal) random_normal;
decltype(kernels::random_integers) random_integers;
decltype(kernels::random_permutation) random_permutation;
}  // namespace cuda

}  // namespace tenon::kernels
