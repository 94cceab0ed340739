#include <tenon/kernels/normalization.h>

#include <tenon/kernels/on_device.h>

namespace tenon::kernels {

std::int64_t longest_normalized_row(Stream stream) {
  return stream.device().is_cuda() ? cuda::longest_normalized_row : cpu::longest_normalized_row;
}

void normalize(Stream stream, const Normalization& what, void* out, void* y, void* scale, const void* a,
    const void* weight, const void* bias) {
  on_device<cpu::normalize, cuda::normalize>(stream, what, out, y, scale, a, weight, bias);
}

void normalize_backward(Stream stream, const Normalization& what, void* out, const void* g,
    const void* weight, const void* y, const void* scale) {
  on_device<cpu::normalize_backward, cuda::normalize_backward>(stream, what, out, g, weight, y, scale);
}

}  // namespace tenon::kernels
