#include <tenon/kernels/train.h>

#include <tenon/core/cuda/backend.h>

namespace tenon::kernels {

bool train(Stream stream, DType dtype, std::span<const TrainedLayer> layers, std::int64_t steps,
    std::int64_t batch, const void* x, const void* y, void* losses) {
  if constexpr (tenon::cuda::built_with_cuda)
    if (stream.device().is_cuda()) return cuda::train(stream, dtype, layers, steps, batch, x, y, losses);
  return false;
}

}  // namespace tenon::kernels
