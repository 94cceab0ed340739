// Loops over strided elements: dimensions are merged (kernels/dims.h), cut into rectangles, and split over
// threads.
#pragma once
#include <algorithm>
#include <cstdint>
#include <utility>

#include <tenon/core/parallel.h>
#include <tenon/kernels/cpu/isa/table.h>
#include <tenon/kernels/dims.h>

namespace tenon::kernels {

/// Calls loop(layout, items, pointers...) on rectangles that cover the shape, with at least about `grain`
/// elements per thread.
template <class Loop, int N, int... K>
[[gnu::noinline]] void for_each_strided_rectangle(const Shape& shape, const LoopOperand (&operands)[N],
    std::int64_t grain, const Loop& loop, std::integer_sequence<int, K...>) {
  if (shape.numel() == 0) return;
  const Dims<N> dims = loop_dims(shape, operands);
  const int row = dims.rank - 2, item = dims.rank - 1;
  cpu::Layout layout{};
  cpu::Step* const steps[] = {&layout.out, &layout.a, &layout.b, &layout.c};
  for (int k = 0; k < N; ++k)
    *steps[k] = {row < 0 ? 0 : dims.stride[k][row], item < 0 ? 1 : dims.stride[k][item]};
  const auto call = [&](std::int64_t rows, std::int64_t items, const std::int64_t(&offset)[N]) {
    cpu::Layout here = layout;
    here.rows = rows;
    loop(here, items, operands[K].data + offset[K] * operands[K].bytes...);
  };
  if (dims.rank < 2) {
    parallel_for(dims.count(), grain, [&](std::int64_t begin, std::int64_t end) {
      const std::int64_t offset[] = {begin * steps[K]->item...};
      call(1, end - begin, offset);
    });
    return;
  }
  const std::int64_t items = dims.size[item];
  parallel_for(dims.count() / items, std::max<std::int64_t>(1, grain / items),
      [&](std::int64_t begin, std::int64_t end) {
        Position<N> at(dims, row + 1, begin);
        while (begin < end) {
          const std::int64_t rows = std::min(dims.size[row] - at.index[row], end - begin);
          call(rows, items, at.offset);
          begin += rows;
          at.advance(dims, row + 1, rows);
        }
      });
}

/// The layouts of dense loops; if bit k is set, operand k is a single value.
inline constexpr cpu::Layout dense_layouts[8] = {{1, {0, 1}, {0, 1}, {0, 1}, {0, 1}},
    {1, {0, 1}, {0, 0}, {0, 1}, {0, 1}}, {1, {0, 1}, {0, 1}, {0, 0}, {0, 1}},
    {1, {0, 1}, {0, 0}, {0, 0}, {0, 1}}, {1, {0, 1}, {0, 1}, {0, 1}, {0, 0}},
    {1, {0, 1}, {0, 0}, {0, 1}, {0, 0}}, {1, {0, 1}, {0, 1}, {0, 0}, {0, 0}},
    {1, {0, 1}, {0, 0}, {0, 0}, {0, 0}}};

/// The same for a result and inputs with the members data, strides, bytes and repeats (see LoopOperand).
/// Dense operands take a fast path.
template <class Loop, class... Input>
[[gnu::always_inline]] inline void for_each_rectangle(
    const Shape& shape, std::int64_t grain, const Loop& loop, const LoopOperand& out, const Input&... in) {
  if (out.strides || (in.strides || ...)) {
    const LoopOperand operands[] = {out, static_cast<const LoopOperand&>(in)...};
    return for_each_strided_rectangle(
        shape, operands, grain, loop, std::make_integer_sequence<int, 1 + sizeof...(in)>());
  }
  unsigned repeats = 0, bit = 1;
  ((repeats |= in.repeats ? bit : 0, bit <<= 1), ...);
  parallel_for(shape.numel(), grain, [&](std::int64_t begin, std::int64_t end) {
    loop(dense_layouts[repeats], end - begin, out.data + begin * out.bytes,
        in.data + (in.repeats ? 0 : begin * in.bytes)...);
  });
}

}  // namespace tenon::kernels
