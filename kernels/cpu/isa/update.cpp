// The optimizer steps over a parameter.
#include <tenon/kernels/cpu/isa/loop.h>
#include <tenon/kernels/cpu/isa/parts.h>

namespace tenon::kernels::cpu::TENON_ISA {
namespace {

template <class T>
void sgd(int64_t n, T* param, const T* grad, T* buffer, const arith::Sgd<T>& step) {
  const arith::Sgd<T> s = step;
  if (buffer) {
    TENON_INDEPENDENT
    for (int64_t i = 0; i < n; ++i) s(param[i], grad[i], buffer[i]);
  } else {
    TENON_INDEPENDENT
    for (int64_t i = 0; i < n; ++i) s(param[i], grad[i]);
  }
}

}  // namespace

void add_update(Table& table) {
  table.f32.update.sgd = sgd<float>;
  table.f64.update.sgd = sgd<double>;
}

}  // namespace tenon::kernels::cpu::TENON_ISA
