// What several cases of Hopper's instructions do with wgmma.
#pragma once
#include <cstdint>

#include <tenon/kernels/cuda/hopper/wgmma.cuh>

/// d[64, 64] += A A^T, of an operand A[64, 16] without swizzle.
inline void multiply_by_itself(const std::uint16_t (&operand)[1024], float (&d)[32]) {
  using namespace tenon::kernels::cuda;
  const std::uint64_t both = matrix_descriptor(simt::shared_address(operand), 1024, 128, Swizzle::none);
  simt::wgmma_fence(d);
  simt::wgmma<64>(d, both, both);
  simt::wgmma_commit();
  simt::wgmma_wait<0>(d);
}
