#include <tenon/kernels/update.h>

#include <tenon/core/parallel.h>
#include <tenon/kernels/cpu/dispatch.h>

namespace tenon::kernels::cpu {
namespace {

constexpr std::int64_t grain = 32768;

template <class T>
void step(const SgdItem& item) {
  const arith::Sgd<T> s = sgd_options<T>(item);
  T* const param = static_cast<T*>(item.param);
  const T* const grad = static_cast<const T*>(item.grad);
  T* const buffer = static_cast<T*>(item.momentum_buffer);
  parallel_for(item.n, grain, [&](std::int64_t begin, std::int64_t end) {
    cpu_table().of<T>().update.sgd(
        end - begin, param + begin, grad + begin, buffer ? buffer + begin : nullptr, s);
  });
}

template <class T>
void step(const AdamItem& item) {
  const arith::Adam<T> s = adam_options<T>(item);
  T* const param = static_cast<T*>(item.param);
  const T* const grad = static_cast<const T*>(item.grad);
  T* const average = static_cast<T*>(item.exp_avg);
  T* const square = static_cast<T*>(item.exp_avg_sq);
  parallel_for(item.n, grain / 4, [&](std::int64_t begin, std::int64_t end) {
    cpu_table().of<T>().update.adam(
        end - begin, param + begin, grad + begin, average + begin, square + begin, s);
  });
}

}  // namespace

void sgd(Stream, DType dtype, std::span<const SgdItem> items) {
  visit_floating("sgd", dtype, [&]<class T>(std::type_identity<T>) {
    for (const SgdItem& item : items) step<T>(item);
  });
}

void adam(Stream, DType dtype, std::span<const AdamItem> items) {
  visit_floating("adam", dtype, [&]<class T>(std::type_identity<T>) {
    for (const AdamItem& item : items) step<T>(item);
  });
}

}  // namespace tenon::kernels::cpu
