// The only switch between the CPU and CUDA.
#pragma once
#include <utility>

#include <tenon/core/cuda/backend.h>
#include <tenon/kernels/observer.h>

namespace tenon::kernels {

/// The stream of a kernel, and the name of the function that passes it to on_device().
struct KernelStream {
  KernelStream(Stream of, const char* function = __builtin_FUNCTION()) : stream(of), kernel(function) {}
  Stream stream;
  const char* kernel;
};

/// Calls the kernel for the stream's device. A build without CUDA does not reference `on_cuda`, which does
/// not exist there.
template <auto on_cpu, auto on_cuda, class... Args>
[[gnu::always_inline]] inline auto on_device(KernelStream to, Args&&... args) {
  if (newest_observer.load(std::memory_order_relaxed)) [[unlikely]] {
    ObservedCall call;
    (call.add(args), ...);
    observe(to.kernel, call.op, call.shape, call.a, call.b, call.batch);
  }
  if constexpr (tenon::cuda::built_with_cuda)
    if (to.stream.device().is_cuda()) return on_cuda(to.stream, std::forward<Args>(args)...);
  return on_cpu(to.stream, std::forward<Args>(args)...);
}

}  // namespace tenon::kernels
