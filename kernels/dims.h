// Dimensions and strides in the form that loops need: sorted, and merged if every operand has matching
// strides.
#pragma once
#include <algorithm>
#include <cstdint>
#include <utility>

#include <tenon/core/shape.h>

namespace tenon::kernels {

/// One operand of a loop.
struct LoopOperand {
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
  /// Advances by `steps` in dimension rank - 1 without passing its end.
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

/// Calls run(part, first, offset) for parts of at most `most` items each, which follow each other in
/// row-major order and cover `dims`; `first` is the number of a part's first item, and `offset` where the
/// operands are there.
template <int N, class Run>
void for_runs(const Dims<N>& dims, std::int64_t most, const Run& run, std::int64_t first = 0,
    const std::int64_t (&start)[N] = {}) {
  const std::int64_t count = dims.count();
  if (count <= most) return run(dims, first, start);
  const std::int64_t inner = count / dims.size[0], at_once = std::max<std::int64_t>(1, most / inner);
  for (std::int64_t i = 0; i < dims.size[0]; i += at_once) {
    Dims<N> part;
    std::int64_t step[N], offset[N];
    for (int d = 0; d < dims.rank; ++d) {
      for (int k = 0; k < N; ++k) step[k] = dims.stride[k][d];
      part.push(d > 0 ? dims.size[d] : std::min(at_once, dims.size[0] - i), step);
    }
    for (int k = 0; k < N; ++k) offset[k] = start[k] + i * dims.stride[k][0];
    for_runs(part, most, run, first + i * inner, offset);
  }
}

/// The dimensions of a loop whose order does not matter: the dimension with the result's smallest stride
/// becomes the innermost.
template <int N>
Dims<N> loop_dims(const Shape& shape, const LoopOperand (&operands)[N]) {
  const int rank = shape.rank();
  std::int64_t steps[max_rank][N];
  int order[max_rank];
  std::int64_t dense = 1;
  for (int i = rank - 1; i >= 0; --i) {
    order[i] = i;
    for (int k = 0; k < N; ++k)
      steps[i][k] = operands[k].repeats ? 0 : operands[k].strides ? (*operands[k].strides)[i] : dense;
    dense *= shape[i];
  }
  if (operands[0].strides) {
    const auto distance = [&](int i) { return steps[i][0] < 0 ? -steps[i][0] : steps[i][0]; };
    for (int i = 1; i < rank; ++i)
      for (int j = i; j > 0 && distance(order[j - 1]) < distance(order[j]); --j)
        std::swap(order[j - 1], order[j]);
  }
  Dims<N> dims;
  for (int i = 0; i < rank; ++i) dims.push(shape[order[i]], steps[order[i]]);
  return dims;
}

}  // namespace tenon::kernels
