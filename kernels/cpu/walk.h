// Loops over strided elements: dimensions that all operands walk evenly become one, then rectangles, then
// threads.
#pragma once
#include <algorithm>
#include <cstdint>
#include <utility>

#include <tenon/core/parallel.h>
#include <tenon/core/shape.h>
#include <tenon/kernels/cpu/table.h>

namespace tenon::kernels {

/// One operand of a loop.
struct Slot {
  char* data;
  const Strides* strides;  // null: dense, or one value for all if `repeats`
  std::int64_t bytes;      // of an element
  bool repeats;
};

/// Dimensions with the strides of N operands, in elements.
template <int N>
struct Dims {
  int rank = 0;
  std::int64_t size[max_rank];
  std::int64_t stride[N][max_rank];

  void push(std::int64_t extent, const std::int64_t (&steps)[N]) {
    if (extent == 1) return;
    bool even = rank > 0;
    for (int k = 0; k < N; ++k) even = even && stride[k][rank - 1] == steps[k] * extent;
    const int at = even ? rank - 1 : rank++;
    size[at] = even ? size[at] * extent : extent;
    for (int k = 0; k < N; ++k) stride[k][at] = steps[k];
  }
  std::int64_t count() const {
    std::int64_t n = 1;
    for (int i = 0; i < rank; ++i) n *= size[i];
    return n;
  }
};

/// A position in dimensions [0, rank) and the operands' offsets there.
template <int N>
struct Position {
  std::int64_t index[max_rank];
  std::int64_t offset[N];

  Position(const Dims<N>& dims, int rank, std::int64_t at) {
    for (int k = 0; k < N; ++k) offset[k] = 0;
    for (int i = rank - 1; i >= 0; --i) {
      index[i] = at % dims.size[i];
      at /= dims.size[i];
      for (int k = 0; k < N; ++k) offset[k] += index[i] * dims.stride[k][i];
    }
  }
  /// Forward by `steps` in dimension rank - 1, which does not pass its end.
  void advance(const Dims<N>& dims, int rank, std::int64_t steps) {
    for (int i = rank - 1; i >= 0; --i, steps = 1) {
      index[i] += steps;
      for (int k = 0; k < N; ++k) offset[k] += steps * dims.stride[k][i];
      if (index[i] < dims.size[i]) return;
      index[i] = 0;
      for (int k = 0; k < N; ++k) offset[k] -= dims.size[i] * dims.stride[k][i];
    }
  }
};

/// The dimensions of a loop whose order does not matter: the result's smallest step becomes the innermost.
template <int N>
Dims<N> loop_dims(const Shape& shape, const Slot (&slots)[N]) {
  const int rank = shape.rank();
  std::int64_t steps[max_rank][N];
  int order[max_rank];
  std::int64_t dense = 1;
  for (int i = rank - 1; i >= 0; --i) {
    order[i] = i;
    for (int k = 0; k < N; ++k)
      steps[i][k] = slots[k].repeats ? 0 : slots[k].strides ? (*slots[k].strides)[i] : dense;
    dense *= shape[i];
  }
  if (slots[0].strides) {
    const auto distance = [&](int i) { return steps[i][0] < 0 ? -steps[i][0] : steps[i][0]; };
    for (int i = 1; i < rank; ++i)
      for (int j = i; j > 0 && distance(order[j - 1]) < distance(order[j]); --j)
        std::swap(order[j - 1], order[j]);
  }
  Dims<N> dims;
  for (int i = 0; i < rank; ++i) dims.push(shape[order[i]], steps[order[i]]);
  return dims;
}

/// Calls loop(layout, items, pointers...) on rectangles that cover the shape, on threads of about `grain`
/// elements or more.
template <class Loop, int N, int... K>
[[gnu::noinline]] void walk_strided(const Shape& shape, const Slot (&slots)[N], std::int64_t grain,
    const Loop& loop, std::integer_sequence<int, K...>) {
  if (shape.numel() == 0) return;
  const Dims<N> dims = loop_dims(shape, slots);
  const int row = dims.rank - 2, item = dims.rank - 1;
  cpu::Layout layout{};
  cpu::Step* const steps[] = {&layout.out, &layout.a, &layout.b, &layout.c};
  for (int k = 0; k < N; ++k)
    *steps[k] = {row < 0 ? 0 : dims.stride[k][row], item < 0 ? 1 : dims.stride[k][item]};
  const auto call = [&](std::int64_t rows, std::int64_t items, const std::int64_t(&offset)[N]) {
    cpu::Layout here = layout;
    here.rows = rows;
    loop(here, items, slots[K].data + offset[K] * slots[K].bytes...);
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

/// The layouts of dense loops; bit k: operand k is one value for all.
inline constexpr cpu::Layout dense_layouts[8] = {{1, {0, 1}, {0, 1}, {0, 1}, {0, 1}},
    {1, {0, 1}, {0, 0}, {0, 1}, {0, 1}}, {1, {0, 1}, {0, 1}, {0, 0}, {0, 1}},
    {1, {0, 1}, {0, 0}, {0, 0}, {0, 1}}, {1, {0, 1}, {0, 1}, {0, 1}, {0, 0}},
    {1, {0, 1}, {0, 0}, {0, 1}, {0, 0}}, {1, {0, 1}, {0, 1}, {0, 0}, {0, 0}},
    {1, {0, 1}, {0, 0}, {0, 0}, {0, 0}}};

/// The same for a result and inputs with members data, strides, bytes and repeats (see Slot). Dense ones take
/// no detour.
template <class Loop, class... Input>
[[gnu::always_inline]] inline void walk(
    const Shape& shape, std::int64_t grain, const Loop& loop, const Slot& out, const Input&... in) {
  if (out.strides || (in.strides || ...)) {
    const Slot slots[] = {out, static_cast<const Slot&>(in)...};
    return walk_strided(shape, slots, grain, loop, std::make_integer_sequence<int, 1 + sizeof...(in)>());
  }
  unsigned repeats = 0, bit = 1;
  ((repeats |= in.repeats ? bit : 0, bit <<= 1), ...);
  parallel_for(shape.numel(), grain, [&](std::int64_t begin, std::int64_t end) {
    loop(dense_layouts[repeats], end - begin, out.data + begin * out.bytes,
        in.data + (in.repeats ? 0 : begin * in.bytes)...);
  });
}

}  // namespace tenon::kernels
