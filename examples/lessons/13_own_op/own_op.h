// Launching a kernel of one's own on tensors.
#pragma once
#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include <tenon/core/stream.h>
#include <tenon/kernels/cuda/simt.h>

/// Enqueues a kernel for n elements. In CUDA: kernel<<<blocks, 256, 0, stream>>>(arguments...), where
/// stream.native_handle() is the cudaStream_t.
template <class... Parameters, class... Arguments>
void launch(
    tenon::Stream stream, std::int64_t n, void (*kernel)(Parameters...), const Arguments&... arguments) {
  if (n == 0) return;
  const auto blocks = static_cast<unsigned>(std::min<std::int64_t>((n + 255) / 256, 1024));
  if (simt::launch(stream.native_handle(), kernel, blocks, 256, arguments...))
    throw std::runtime_error("the kernel could not be launched");
}
