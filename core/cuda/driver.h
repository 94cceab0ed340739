// The CUDA runtime for the files of this folder.
#pragma once
#include <cuda_runtime_api.h>

#include <tenon/core/check.h>
#include <tenon/core/cuda/backend.h>

namespace tenon::cuda {

/// Throws CudaError with what the runtime says: `synchronize: an illegal memory access was encountered; ...`.
[[noreturn]] void throw_cuda(const char* op, cudaError_t error, Device device);
inline void check_cuda(const char* op, cudaError_t error, Device device) {
  if (error != cudaSuccess) [[unlikely]]
    throw_cuda(op, error, device);
}

/// True if an environment variable is set, to other than 0.
bool asked_by_environment(const char* name);

}  // namespace tenon::cuda
