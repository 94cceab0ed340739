#include <tenon/kernels/random.h>

#include <tenon/core/check.h>
#include <tenon/kernels/on_device.h>

namespace tenon::kernels {

void random_uniform(
    Stream stream, DType dtype, std::int64_t n, void* out, RandomKey key, double low, double high) {
  on_device<cpu::random_uniform, cuda::random_uniform>(stream, dtype, n, out, key, low, high);
}

void random_normal(
    Stream stream, DType dtype, std::int64_t n, void* out, RandomKey key, double mean, double deviation) {
  on_device<cpu::random_normal, cuda::random_normal>(stream, dtype, n, out, key, mean, deviation);
}

void random_integers(Stream stream, DType dtype, std::int64_t n, void* out, RandomKey key, std::int64_t low,
    std::int64_t high) {
  check(low < high, "random_integers: low must be below high; got {} and {}", low, high);
  on_device<cpu::random_integers, cuda::random_integers>(stream, dtype, n, out, key, low, high);
}

void random_permutation(Stream stream, std::int64_t n, std::int64_t* out, RandomKey key) {
  on_device<cpu::random_permutation, cuda::random_permutation>(stream, n, out, key);
}

}  // namespace tenon::kernels
