// Rung 2: a thread per element of C. The threads of a warp go along a row.
//
// Changed: i and j, one line. Neighbours now read neighbours of B and write neighbours of C, 128 bytes in
// four sectors, and all of them read the same element of A, which the card fetches once.
//
// What limits it: every fused multiply-add needs two loads. The caches answer most of them, but a
// multiprocessor makes 128 multiply-adds per cycle and gets 32 numbers from its L1 cache.
#pragma once
#include <tenon/kernels/cuda/matmul/ladder/rungs.cuh>

namespace tenon::kernels::cuda {

template <class T>
__global__ void __launch_bounds__(256) matmul_coalesced(const __grid_constant__ Product<T> p) {
  const std::int64_t at = std::int64_t{blockIdx.x} * 256 + threadIdx.x;
  if (at >= p.batch * p.m * p.n) return;
  const Matrices<T> of(p, at / (p.m * p.n));
  const std::int64_t i = at / p.n % p.m, j = at % p.n;
  store(p, of, i, j, element(p, of, i, j));
}

struct Coalesced {
  static constexpr const char* name = "matmul_coalesced";
  template <class>
  static constexpr int threads = 256;
  template <class T>
  static auto kernel(bool) {
    return matmul_coalesced<T>;
  }
  template <class T>
  static std::int64_t blocks(const Product<T>& p) {
    return (p.m * p.n + 255) / 256;
  }
};

}  // namespace tenon::kernels::cuda
