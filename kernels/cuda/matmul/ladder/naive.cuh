// Rung 1: a thread per element of C. The threads of a warp go down a column.
//
// What limits it: most of what it moves is thrown away. The threads of a warp read different rows of A, so
// each of the 32 addresses of a load is in a sector of its own, and 32 bytes move for the 4 that are used. So
// do the stores of C.
#pragma once
#include <tenon/kernels/cuda/matmul/ladder/rungs.cuh>

namespace tenon::kernels::cuda {

template <class T>
__global__ void __launch_bounds__(256) matmul_naive(const __grid_constant__ Product<T> p) {
  const std::int64_t at = std::int64_t{blockIdx.x} * 256 + threadIdx.x;
  if (at >= p.batch * p.m * p.n) return;
  const Matrices<T> of(p, at / (p.m * p.n));
  const std::int64_t i = at % p.m, j = at / p.m % p.n;
  store(p, of, i, j, element(p, of, i, j));
}

struct Naive {
  static constexpr const char* name = "matmul_naive";
  template <class>
  static constexpr int threads = 256;
  template <class T>
  static auto kernel(bool) {
    return matmul_naive<T>;
  }
  template <class T>
  static std::int64_t blocks(const Product<T>& p) {
    return (p.m * p.n + 255) / 256;
  }
};

}  // namespace tenon::kernels::cuda
