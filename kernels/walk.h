// Loops over strided elements: dimensions that all operands walk evenly become one, then rectangles, then threads.
#pragma once
#include <algorithm>
#include <cstdint>

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
    for (int k = 0; k < N; ++k) steps[i][k] = slots[k].repeats ? 0 : slots[k].strides ? (*slots[k].strides)[i] : dense;
    dense *= shape[i];
  }
  if (slots[0].strides) {
    const auto distance = [&](int i) { return steps[i][0] < 0 ? -steps[i][0] : steps[i][0]; };
    for (int i = 1; i < rank; ++i)
      for (int j = i; j > 0 && distance(order[j - 1]) < distance(order[j]); --j) std::swap(order[j - 1], order[j]);
  }
  Dims<N> dims;
  for (int i = 0; i < rank; ++i) dims.push(shape[order[i]], steps[order[i]]);
  return dims;
}

/// Calls body(extent, pointers, steps) on rectangles that cover the shape, on threads of at least about `grain` elements.
template <int N, class Body>
void walk_strided(const Shape& shape, const Slot (&slots)[N], std::int64_t grain, const Body& body) {
  if (shape.numel() == 0) return;
  const Dims<N> dims = loop_dims(shape, slots);
  const auto call = [&](cpu::Extent extent, const std::int64_t (&offset)[N], int row, int item) {
    char* at[N];
    cpu::Step steps[N];
    for (int k = 0; k < N; ++k) {
      at[k] = slots[k].data + offset[k] * slots[k].bytes;
      steps[k] = {row < 0 ? 0 : dims.stride[k][row], item < 0 ? 1 : dims.stride[k][item]};
    }
    body(extent, at, steps);
  };
  if (dims.rank < 2) {
    parallel_for(dims.count(), grain, [&](std::int64_t begin, std::int64_t end) {
      std::int64_t offset[N];
      for (int k = 0; k < N; ++k) offset[k] = dims.rank == 0 ? 0 : begin * dims.stride[k][0];
      call({1, end - begin}, offset, -1, dims.rank - 1);
    });
    return;
  }
  const int row = dims.rank - 2, item = dims.rank - 1;
  const std::int64_t items = dims.size[item];
  parallel_for(dims.count() / items, std::max<std::int64_t>(1, grain / items), [&](std::int64_t begin, std::int64_t end) {
    Position<N> at(dims, row + 1, begin);
    while (begin < end) {
      const std::int64_t rows = std::min(dims.size[row] - at.index[row], end - begin);
      call({rows, items}, at.offset, row, item);
      begin += rows;
      at.advance(dims, row + 1, rows);
    }
  });
}

template <int N, class Body>
[[gnu::always_inline]] inline void walk(const Shape& shape, const Slot (&slots)[N], std::int64_t grain, const Body& body) {
  bool dense = true;
  for (int k = 0; k < N; ++k) dense = dense && !slots[k].strides;
  if (!dense) return walk_strided(shape, slots, grain, body);
  parallel_for(shape.numel(), grain, [&](std::int64_t begin, std::int64_t end) {
    char* at[N];
    cpu::Step steps[N];
    for (int k = 0; k < N; ++k) {
      at[k] = slots[k].repeats ? slots[k].data : slots[k].data + begin * slots[k].bytes;
      steps[k] = {0, !slots[k].repeats};
    }
    body(cpu::Extent{1, end - begin}, at, steps);
  });
}

}  // namespace tenon::kernels
