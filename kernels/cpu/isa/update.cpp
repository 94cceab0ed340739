// The optimizer steps over a parameter.
#include <tenon/kernels/cpu/isa/loop.h>
#include <tenon/kernels/cpu/isa/parts.h>

namespace tenon::kernels::cpu::TENON_ISA {
namespace {

template <class Step, class T, class... State>
void loop(int64_t n, T* param, const T* grad, const Step& step, State*... state) {
  const Step s = step;
  TENON_INDEPENDENT
  for (int64_t i = 0; i < n; ++i) s(param[i], grad[i], state[i]...);
}

template <class Step, class T>
void update(int64_t n, T* param, const T* grad, T* const* states, const Step& step) {
  if constexpr (Step::fewest == 0)
    if (!states[0]) return loop(n, param, grad, step);
  if constexpr (Step::fewest <= 1 && Step::most >= 1)
    if (Step::most == 1 || !states[1]) return loop(n, param, grad, step, states[0]);
  if constexpr (Step::most >= 2)
    if (!states[2]) return loop(n, param, grad, step, states[0], states[1]);
  if constexpr (Step::most == 3) return loop(n, param, grad, step, states[0], states[1], states[2]);
}

}  // namespace

void add_update(Table& table) {
  table.f32.update = {update, update, update, update};
  table.f64.update = {update, update, update, update};
}

}  // namespace tenon::kernels::cpu::TENON_ISA
