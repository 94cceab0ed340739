#include <tenon/kernels/update.h>

#include <tenon/core/cuda/backend.h>
#include <tenon/core/parallel.h>
#include <tenon/kernels/cpu/dispatch.h>

namespace tenon::kernels {
namespace {

constexpr std::int64_t grain = 32768;

template <class T>
void step(const SgdItem& item) {
  const Sgd<T> s = sgd_options<T>(item);
  T* const param = static_cast<T*>(item.param);
  const T* const grad = static_cast<const T*>(item.grad);
  T* const buffer = static_cast<T*>(item.momentum_buffer);
  parallel_for(item.n, grain, [&](std::int64_t begin, std::int64_t end) {
    cpu::cpu_table().of(T{}).sgd(
        end - begin, param + begin, grad + begin, buffer ? buffer + begin : nullptr, s);
  });
}

}  // namespace

void sgd(Stream stream, DType dtype, std::span<const SgdItem> items) {
  check(is_floating_point(dtype), "sgd: not defined for {}", dtype);
  if constexpr (tenon::cuda::built_with_cuda)
    if (stream.device().is_cuda()) return cuda::sgd(stream, dtype, items);
  for (const SgdItem& item : items)
    if (dtype == DType::float32) step<float>(item);
    else step<double>(item);
}

}  // namespace tenon::kernels
