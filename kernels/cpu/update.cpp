#include <tenon/kernels/update.h>

#include <tenon/core/parallel.h>
#include <tenon/kernels/cpu/dispatch.h>

namespace tenon::kernels::cpu {
namespace {

/// Each step of an item by the loop that the table has for it. A thread takes at least `grain` elements.
template <class Item, class Loop>
void update(const char* name, DType dtype, std::int64_t grain, std::span<const Item> items, Loop loop) {
  visit_floating(name, dtype, [&]<class T>(std::type_identity<T>) {
    for (const Item& item : items) {
      const auto step = step_of<T>(item);
      const auto states = states_of(item);
      T* const param = static_cast<T*>(item.param);
      const T* const grad = static_cast<const T*>(item.grad);
      parallel_for(item.n, grain, [&](std::int64_t begin, std::int64_t end) {
        T* part[decltype(step)::most];
        for (std::size_t i = 0; i < states.size(); ++i)
          part[i] = states[i] ? static_cast<T*>(states[i]) + begin : nullptr;
        loop(cpu_table().of<T>().update)(end - begin, param + begin, grad + begin, part, step);
      });
    }
  });
}

constexpr std::int64_t grain = 32768;

}  // namespace

void sgd(Stream, DType dtype, std::span<const SgdItem> items) {
  update("sgd", dtype, grain, items, [](const auto& loops) { return loops.sgd; });
}
void adam(Stream, DType dtype, std::span<const AdamItem> items) {
  update("adam", dtype, grain / 4, items, [](const auto& loops) { return loops.adam; });
}
void rmsprop(Stream, DType dtype, std::span<const RmsPropItem> items) {
  update("rmsprop", dtype, grain / 4, items, [](const auto& loops) { return loops.rmsprop; });
}
void adagrad(Stream, DType dtype, std::span<const AdagradItem> items) {
  update("adagrad", dtype, grain / 4, items, [](const auto& loops) { return loops.adagrad; });
}

}  // namespace tenon::kernels::cpu
