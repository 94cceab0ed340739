#include <tenon/kernels/update.h>

#include <tenon/kernels/on_device.h>

namespace tenon::kernels {

void sgd(Stream stream, DType dtype, std::span<const SgdItem> items) {
  on_device<cpu::sgd, cuda::sgd>(stream, dtype, items);
}

void adam(Stream stream, DType dtype, std::span<const AdamItem> items) {
  on_device<cpu::adam, cuda::adam>(stream, dtype, items);
}

void rmsprop(Stream stream, DType dtype, std::span<const RmsPropItem> items) {
  on_device<cpu::rmsprop, cuda::rmsprop>(stream, dtype, items);
}

void adagrad(Stream stream, DType dtype, std::span<const AdagradItem> items) {
  on_device<cpu::adagrad, cuda::adagrad>(stream, dtype, items);
}

}  // namespace tenon::kernels
