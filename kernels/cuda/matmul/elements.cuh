// Matrix product, one thread per element of C: for products that are too small for tiles.
#pragma once
#include <tenon/kernels/arith/math.h>
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/cuda/matmul/product.cuh>

namespace tenon::kernels::cuda {

template <class T>
__global__ void __launch_bounds__(block_threads) matmul_elements(const __grid_constant__ Product<T> p) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; at < p.batch * p.m * p.n;
       at += step) {
    const std::int64_t j = at % p.n;
    std::int64_t i = at / p.n, offset[2] = {0, 0};
    if (p.batch > 1) {
      p.items.at(static_cast<unsigned>(i / p.m), offset);
      i %= p.m;
    }
    const T *a = p.a + offset[0] + i * p.a_row, *b = p.b + offset[1] + j * p.b_col;
    T total = T(0);
    for (std::int64_t c0 = 0; c0 < p.k; c0 += chain_chunk) {
      const std::int64_t end = c0 + chain_chunk < p.k ? c0 + chain_chunk : p.k;
      T sum = T(0);
#pragma unroll 8
      for (std::int64_t k = c0; k < end; ++k) sum = num::fma(a[k * p.a_col], b[k * p.b_row], sum);
      total = total + sum;
    }
    p.c[at] = p.bias ? total + p.bias[j] : total;
  }
}

}  // namespace tenon::kernels::cuda
