#include "kernels.h"

#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/transform_iterator.h>
#include <cub/cub.cuh>

namespace bench {
namespace {

__global__ void multiply_add(float* out, int steps) {
  constexpr int chains = 8;  // independent, so that four warps per scheduler hide the latency
  float sum[chains];
  for (int c = 0; c < chains; ++c) sum[c] = static_cast<float>(threadIdx.x + c);
  for (int i = 0; i < steps; ++i)
#pragma unroll
    for (int part = 0; part < fma_per_step / chains; ++part)
#pragma unroll
      for (int c = 0; c < chains; ++c) sum[c] = __fmaf_rn(sum[c], 0.5f, 1.25f);
  float all = 0;
  for (int c = 0; c < chains; ++c) all += sum[c];
  if (all < 0) *out = all;  // never: it only keeps the sums
}

struct RowStart {
  std::int64_t columns;
  __host__ __device__ std::int64_t operator()(std::int64_t row) const { return row * columns; }
};

}  // namespace

void launch_fma(float* out, int blocks, int steps, void* stream) {
  multiply_add<<<blocks, fma_threads, 0, static_cast<cudaStream_t>(stream)>>>(out, steps);
}

int cub_sum(void* temporary, std::size_t& bytes, const float* in, float* out, std::int64_t n, void* stream) {
  return cub::DeviceReduce::Sum(temporary, bytes, in, out, n, static_cast<cudaStream_t>(stream));
}

int cub_sum_rows(void* temporary, std::size_t& bytes, const float* in, float* out, std::int64_t rows,
    std::int64_t columns, void* stream) {
  const auto starts =
      thrust::make_transform_iterator(thrust::make_counting_iterator(std::int64_t{0}), RowStart{columns});
  return cub::DeviceSegmentedReduce::Sum(
      temporary, bytes, in, out, rows, starts, starts + 1, static_cast<cudaStream_t>(stream));
}

}  // namespace bench
