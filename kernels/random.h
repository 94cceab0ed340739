// Counter-based random fills: element i depends on (seed, stream id, i) only (docs/numerics.md section 5).
#pragma once
#include <tenon/kernels/operand.h>

namespace tenon::kernels {

/// The numbers of one random call.
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

/// out[i] = start + step * i: in double by fma and rounded once for floating point, exact for int64. Dense.
void arange(Stream stream, DType dtype, std::int64_t n, void* out, double start, double step);
/// n evenly spaced values from start to end: from the nearer end, in double, rounded once. Floating point,
/// dense.
void linspace(Stream stream, DType dtype, std::int64_t n, void* out, double start, double end);

// The same on a CUDA stream (random.cu); dtypes and bounds have been checked.
namespace cuda {
void random_uniform(
    Stream stream, DType dtype, std::int64_t n, void* out, RandomKey key, double low, double high);
void random_normal(
    Stream stream, DType dtype, std::int64_t n, void* out, RandomKey key, double mean, double deviation);
void random_integers(Stream stream, DType dtype, std::int64_t n, void* out, RandomKey key, std::int64_t low,
    std::int64_t high);
void random_permutation(Stream stream, std::int64_t n, std::int64_t* out, RandomKey key);
void arange(Stream stream, DType dtype, std::int64_t n, void* out, double start, double step);
void linspace(Stream stream, DType dtype, std::int64_t n, void* out, double start, double end, double step);
}  // namespace cuda

}  // namespace tenon::kernels
