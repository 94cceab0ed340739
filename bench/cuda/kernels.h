// What nvcc compiles for the benchmarks: a loop that measures the card's arithmetic, and CUB. Pointers are to
// device memory, and `stream` is a cudaStream_t.
#pragma once
#include <cstddef>
#include <cstdint>

namespace bench {

/// Enqueues `steps` times fma_per_step fused multiply-adds in each of fma_threads threads of so many blocks.
inline constexpr int fma_threads = 256, fma_per_step = 32;
void launch_fma(float* out, int blocks, int steps, void* stream);

/// As CUB's own: with a null `temporary`, only sets the bytes that it needs.
int cub_sum(void* temporary, std::size_t& bytes, const float* in, float* out, std::int64_t n, void* stream);
int cub_sum_rows(void* temporary, std::size_t& bytes, const float* in, float* out, std::int64_t rows,
    std::int64_t columns, void* stream);

}  // namespace bench
