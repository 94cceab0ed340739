// Loops over strided elements: dimensions are merged (kernels/dims.h), cut into rectangles, and split over
// threads.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include <tenon/core/parallel.h>
#include <tenon/kernels/cpu/dispatch.h>
#include <tenon/kernels/dims.h>

namespace tenon::kernels {

/// Copies tiles of the inputs whose items are not neighbours, above all of transposed ones, so that loops
/// only see operands whose items are neighbours or one value. A copy costs less than a loop that does not
/// vectorise.
class Staging {
 public:
  static constexpr std::int64_t tile = 4096, tall = 64;

  /// Stages nothing.
  Staging() = default;
  /// For a loop over rows of `items` items; operand 0 is the result.
  Staging(const LoopOperand* operands, cpu::Step* const* steps, int count, std::int64_t items) {
    if (steps[0]->item != 1 || items < 8) return;
    for (int k = 1; k < count; ++k) {
      const std::int64_t row = std::abs(steps[k]->row), item = std::abs(steps[k]->item);
      if (steps[k]->item == 0 || steps[k]->item == 1) continue;
      copy_[k] = copy_of(operands[k].bytes);
      any_ = true;
      if (row != 0 && row < item) rows_ = tall;  // what is read in one piece
    }
  }
  bool any() const { return any_; }
  /// The size of a tile.
  std::int64_t rows() const { return rows_; }
  std::int64_t items() const { return tile / rows_; }

  /// If operand k is staged, copies its tile at `data`, and changes `data` and `step` to the copy.
  void stage(int k, std::int64_t rows, std::int64_t items, char*& data, cpu::Step& step, char* buffer) const {
    if (!copy_[k]) return;
    copy_[k]({rows, {this->items(), 1}, step, {}, {}}, items, buffer, data, {});
    data = buffer;
    step = {this->items(), 1};
  }

 private:
  /// The loop that moves elements of this size.
  static cpu::UnaryLoop copy_of(std::int64_t bytes) {
    const DType dtype = bytes == 1 ? DType::boolean : bytes == 4 ? DType::float32 : DType::float64;
    return cpu::cpu_table().elementwise.copy[static_cast<int>(dtype)][static_cast<int>(dtype)];
  }

  cpu::UnaryLoop copy_[4] = {};
  std::int64_t rows_ = 1;
  bool any_ = false;
};

/// Makes the dimension in which a transposed input has its smallest step the rows of the rectangles, which
/// then cover neighbours in memory.
template <int N>
void bring_to_row(Dims<N>& dims, int row) {
  for (int k = 1; k < N; ++k) {
    const auto step = [&](int i) { return std::abs(dims.stride[k][i]); };
    int least = row;
    for (int i = 0; i < row; ++i)
      if (step(i) != 0 && step(i) < step(least)) least = i;
    if (least == row || step(least) >= step(row + 1)) continue;
    std::swap(dims.size[least], dims.size[row]);
    for (auto& stride : dims.stride) std::swap(stride[least], stride[row]);
    return;
  }
}

/// Calls loop(layout, items, pointers...) on rectangles that cover the shape, with at least about `grain`
/// elements per thread. With `Staged`, inputs are copied where that makes their items neighbours.
template <bool Staged, class Loop, int N, int... K>
[[gnu::noinline]] void for_each_strided_rectangle(const Shape& shape, const LoopOperand (&operands)[N],
    std::int64_t grain, const Loop& loop, std::integer_sequence<int, K...>) {
  if (shape.numel() == 0) return;
  Dims<N> dims = loop_dims(shape, operands);
  const int row = dims.rank - 2, item = dims.rank - 1;
  if (row > 0) bring_to_row(dims, row);
  cpu::Layout layout{};
  cpu::Step* const steps[] = {&layout.out, &layout.a, &layout.b, &layout.c};
  for (int k = 0; k < N; ++k)
    *steps[k] = {row < 0 ? 0 : dims.stride[k][row], item < 0 ? 1 : dims.stride[k][item]};
  const Staging staging = Staged && item >= 0 ? Staging(operands, steps, N, dims.size[item]) : Staging();
  const auto call = [&](std::int64_t rows, std::int64_t items, const std::int64_t(&offset)[N]) {
    cpu::Layout here = layout;
    here.rows = rows;
    if constexpr (Staged)
      if (staging.any()) {
        alignas(64) char buffers[N][8 * Staging::tile];  // [0] is not used
        for (std::int64_t r = 0; r < rows; r += staging.rows())
          for (std::int64_t i = 0; i < items; i += staging.items()) {
            here = layout;
            here.rows = std::min(staging.rows(), rows - r);
            const std::int64_t n = std::min(staging.items(), items - i);
            cpu::Step* const tile_steps[] = {&here.out, &here.a, &here.b, &here.c};
            char* data[] = {operands[K].data +
                            (offset[K] + r * steps[K]->row + i * steps[K]->item) * operands[K].bytes...};
            for (int k = 1; k < N; ++k) staging.stage(k, here.rows, n, data[k], *tile_steps[k], buffers[k]);
            loop(here, n, data[K]...);
          }
        return;
      }
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
template <bool Staged = true, class Loop, class... Input>
[[gnu::always_inline]] inline void for_each_rectangle(
    const Shape& shape, std::int64_t grain, const Loop& loop, const LoopOperand& out, const Input&... in) {
  if (out.strides || (in.strides || ...)) {
    const LoopOperand operands[] = {out, static_cast<const LoopOperand&>(in)...};
    return for_each_strided_rectangle<Staged>(
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
