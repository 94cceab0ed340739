// The only switch between the CPU and CUDA.
#pragma once
#include <utility>

#include <tenon/core/cuda/backend.h>

namespace tenon::kernels {

/// Calls the kernel for the stream's device. A build without CUDA does not reference `on_cuda`, which does
/// not exist there.
template <auto on_cpu, auto on_cuda, class... Args>
[[gnu::always_inline]] inline auto on_device(Stream stream, Args&&... args) {
  if constexpr (tenon::cuda::built_with_cuda)
    if (stream.device().is_cuda()) return on_cuda(stream, std::forward<Args>(args)...);
  return on_cpu(stream, std::forward<Args>(args)...);
}

}  // namespace tenon::kernels
