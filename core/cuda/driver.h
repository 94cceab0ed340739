// Access to the CUDA runtime for the files in this folder.
#pragma once
#include <cuda_runtime_api.h>

#include <tenon/core/check.h>
#include <tenon/core/cuda/backend.h>

namespace tenon::cuda {

/// Throws CudaError with the runtime's message: `synchronize: an illegal memory access was encountered; ...`.
[[noreturn]] void throw_cuda(const char* op, cudaError_t error, Device device);
inline void check_cuda(const char* op, cudaError_t error, Device device) {
  if (error != cudaSuccess) [[unlikely]]
    throw_cuda(op, error, device);
}

/// True if an environment variable is set to a value other than 0.
bool asked_by_environment(const char* name);

}  // namespace tenon::cuda
