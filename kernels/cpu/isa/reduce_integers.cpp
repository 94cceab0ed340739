// Reductions of integers and booleans: any order gives the same result, so the compiler vectorises plain
// loops.
#include <tenon/kernels/cpu/isa/loop.h>
#include <tenon/kernels/cpu/isa/parts.h>

namespace tenon::kernels::cpu::TENON_ISA {
namespace {

template <class Op, class T>
TENON_INLINE auto into(typename Op::template Accumulator<T> acc, T x) {
  return Op::template into<arith::ElementMath>(acc, static_cast<decltype(acc)>(x));
}

template <class Op, class T>
int64_t line(int64_t n, const void* a, int64_t step, int64_t partial) {
  const T* const x = static_cast<const T*>(a);
  auto acc = static_cast<typename Op::template Accumulator<T>>(partial);
  if (step == 1)
    for (int64_t i = 0; i < n; ++i) acc = into<Op, T>(acc, x[i]);
  else
    for (int64_t i = 0; i < n; ++i) acc = into<Op, T>(acc, x[i * step]);
  return static_cast<int64_t>(acc);
}

template <class Op, class T>
void across(int64_t n, const void* a, int64_t* partials) {
  using Accumulator = typename Op::template Accumulator<T>;
  const T* const x = static_cast<const T*>(a);
  TENON_INDEPENDENT
  for (int64_t i = 0; i < n; ++i)
    partials[i] = static_cast<int64_t>(into<Op, T>(static_cast<Accumulator>(partials[i]), x[i]));
}

template <class T>
void add_loops(IntegerReduceLoops (&to)[arith::ReduceOps::size]) {
  arith::ReduceOps::for_each([&]<class Op>() {
    if constexpr (Op::template takes<T>)
      to[arith::ReduceOps::index_of<Op>()] = {
          static_cast<int64_t>(arith::identity<Op, typename Op::template Accumulator<T>>), line<Op, T>,
          across<Op, T>};
  });
}

}  // namespace

void add_reduce_integers(Table& table) {
  add_loops<int64_t>(table.reduce_integers[Elements::index_of<int64_t>()]);
  add_loops<uint8_t>(table.reduce_integers[Elements::index_of<uint8_t>()]);
}

}  // namespace tenon::kernels::cpu::TENON_ISA
