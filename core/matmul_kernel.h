// The choice of a CUDA kernel for matrix products.
#pragma once
#include <cstdint>

#include <tenon/core/api.h>

namespace tenon::cuda {

/// The rungs of the ladder in docs/kernels.md, from a thread per element to `pipelined`, which the library
/// uses for large products, and `persistent`; then its kernels for small products and for few rows or
/// columns. All give the same bits.
enum class MatmulKernel : std::uint8_t {
  automatic,  // by the shape of the product
  naive,
  coalesced,
  shared_tile,
  thread_column,
  thread_tile,
  vectorized,
  warp_tile,
  pipelined,
  persistent,
  elements,
  skinny
};
inline constexpr const char* matmul_kernel_names[] = {"automatic", "naive", "coalesced", "shared_tile",
    "thread_column", "thread_tile", "vectorized", "warp_tile", "pipelined", "persistent", "elements",
    "skinny"};

/// In its scope, this thread computes products on CUDA devices with one kernel, however slow it is for their
/// shape. (A product with one column is a sum, and has its own kernels.)
class TENON_API MatmulKernelGuard {
 public:
  explicit MatmulKernelGuard(MatmulKernel kernel) noexcept;
  ~MatmulKernelGuard();
  MatmulKernelGuard(const MatmulKernelGuard&) = delete;
  MatmulKernelGuard& operator=(const MatmulKernelGuard&) = delete;

 private:
  MatmulKernel before_;
};

/// That of the innermost guard of this thread; `automatic` without one.
TENON_API MatmulKernel matmul_kernel() noexcept;

}  // namespace tenon::cuda
