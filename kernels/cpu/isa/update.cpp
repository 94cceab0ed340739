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

template <class T>
void adam(int64_t n, T* param, const T* grad, T* average, T* square, const arith::Adam<T>& step) {
  const arith::Adam<T> s = step;
  TENON_INDEPENDENT
  for (int64_t i = 0; i < n; ++i) s(param[i], grad[i], average[i], square[i]);
}

}  // namespace

void add_update(Table& table) {
  table.f32.update = {sgd<float>, adam<float>};
  table.f64.update = {sgd<double>, adam<double>};
}

}  // namespace tenon::kernels::cpu::TENON_ISA
