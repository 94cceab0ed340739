#include <tenon/kernels/reduce.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include <tenon/core/parallel.h>
#include <tenon/kernels/cpu/dispatch.h>
#include <tenon/kernels/cpu/reduce_integers.h>
#include <tenon/kernels/reduce_plan.h>

namespace tenon::kernels::cpu {
namespace {

using arith::ReduceOp;
using arith::ReduceOps;

constexpr std::int64_t chunk = arith::reduce_chunk, grain = 32768;
constexpr auto operands = ReduceOps::map<int>([]<class Op>() { return Op::operands; });
/// The operation that combines the values of an operation's chunks.
constexpr auto combine =
    ReduceOps::map<int>([]<class Op>() { return ReduceOps::index_of<typename Op::Combine>(); });

/// The stride of merged dimensions of rank 0 or 1; rank 0 means length 1.
std::int64_t only_step(const Dims<2>& dims, int operand) {
  return dims.rank == 0 ? 1 : dims.stride[operand][dims.rank - 1];
}

template <class T>
class Reduction {
 public:
  Reduction(ReduceOp op, const ReductionPlan& plan, const T* a, const T* b, T* out)
      : plan_(plan),
        loops_(cpu_table().of<T>().reduce),
        copy_(cpu_table().elementwise.copy[Elements::index_of<T>()][Elements::index_of<T>()]),
        op_(op.index),
        two_(operands[op.index] == 2),
        a_(a),
        b_(two_ ? b : nullptr),
        out_(out) {}

  void run() {
    const Dims<2>&kept = plan_.kept, &reduced = plan_.reduced;
    const bool line = reduced.rank < 2;
    if (line && only_step(reduced, 0) == 1 && (!two_ || only_step(reduced, 1) == 1)) return rows();
    const std::int64_t b_item = kept.rank ? kept.stride[1][kept.rank - 1] : 0;
    if (line && kept.rank && kept.stride[0][kept.rank - 1] == 1 && (!two_ || b_item == 0 || b_item == 1))
      return columns();
    gather();
  }

 private:
  const T* b_at(std::int64_t offset) const { return b_ ? b_ + offset : nullptr; }

  // Every output reduces contiguous elements.
  void rows() {
    const Dims<2>& kept = plan_.kept;
    if (plan_.outputs == 1 && plan_.length > 2 * grain) return long_row();
    const int outer = std::max(0, kept.rank - 1);
    const std::int64_t inner = kept.rank ? kept.size[kept.rank - 1] : 1;
    parallel_for(plan_.outputs, std::max<std::int64_t>(1, grain / (plan_.length + 1)),
        [&](std::int64_t begin, std::int64_t end) {
          Position<2> at(kept, kept.rank, begin);
          while (begin < end) {
            const std::int64_t here = kept.rank ? at.index[kept.rank - 1] : 0,
                               count = std::min(inner - here, end - begin);
            loops_[op_].rows(count, plan_.length, a_ + at.offset[0], kept.rank ? kept.stride[0][outer] : 0,
                b_at(at.offset[1]), kept.rank ? kept.stride[1][outer] : 0, out_ + begin, scratch);
            begin += count;
            at.advance(kept, kept.rank, count);
          }
        });
  }

  // A single long output: threads share its chunks, then the upper levels follow.
  void long_row() {
    const std::int64_t chunks = arith::reduce_chunks(plan_.length);
    const std::unique_ptr<T[]> values(new T[static_cast<std::size_t>(chunks)]);
    parallel_for(chunks, grain / chunk, [&](std::int64_t begin, std::int64_t end) {
      loops_[op_].chunks(plan_.length, begin, end, a_, b_, values.get());
    });
    loops_[combine[op_]].rows(1, chunks, values.get(), 0, nullptr, 0, out_, scratch);
  }

  // Neighbouring outputs reduce neighbouring elements.
  void columns() {
    const Dims<2>&kept = plan_.kept, &reduced = plan_.reduced;
    const int inner = kept.rank - 1;
    const std::int64_t width = kept.size[inner], block = std::min<std::int64_t>(width, 64),
                       blocks = (width + block - 1) / block;
    const std::int64_t a_row = reduced.rank ? reduced.stride[0][0] : 0,
                       b_row = reduced.rank ? reduced.stride[1][0] : 0;
    const std::int64_t total = plan_.outputs / width * blocks;
    parallel_for(total, std::max<std::int64_t>(1, grain / (plan_.length * block + 1)),
        [&](std::int64_t begin, std::int64_t end) {
          while (begin < end) {
            const std::int64_t o = begin / blocks, first = begin % blocks,
                               count = std::min(blocks - first, end - begin);
            const std::int64_t j = first * block, w = std::min(width - j, count * block);
            const Position<2> at(kept, inner, o);
            loops_[op_].columns(plan_.length, w, a_ + at.offset[0] + j, a_row,
                b_at(at.offset[1] + j * kept.stride[1][inner]), b_row, kept.stride[1][inner],
                out_ + o * width + j, scratch);
            begin += count;
          }
        });
  }

  // Any other layout: pieces that fit the cache are copied together first, in the order of their elements.
  void gather() {
    Dims<2> all = plan_.kept;  // and then the reduced ones: the elements of one output follow each other
    for (int i = 0; i < plan_.reduced.rank; ++i, ++all.rank) {
      all.size[all.rank] = plan_.reduced.size[i];
      for (int k = 0; k < 2; ++k) all.stride[k][all.rank] = plan_.reduced.stride[k][i];
    }
    // If neighbours in memory belong to different rows, 64 of them are read together.
    const auto step = [&](int i) { return std::abs(all.stride[0][i]); };
    const std::int64_t together = all.rank > 1 && step(all.rank - 2) < step(all.rank - 1) ? 64 : 32;
    const std::int64_t items = all.size[all.rank - 1],
                       rows = std::max(together, grain / 8 / items / together * together);
    const std::int64_t piece = all.rank > 1 && rows * items <= 32 * grain ? rows * items : grain / 4;
    if (plan_.length <= piece) gather_rows(all, piece / plan_.length);
    else gather_chunks(all, piece);
  }

  // Up to `most` outputs at once.
  void gather_rows(const Dims<2>& all, std::int64_t most) {
    const std::int64_t length = plan_.length;
    parallel_for(plan_.outputs, std::max<std::int64_t>(1, grain / 4 / length),
        [&](std::int64_t begin, std::int64_t end) {
          const std::int64_t room = std::min(most, end - begin) * length;
          const std::unique_ptr<T[]> x(new T[static_cast<std::size_t>(room)]),
              y(b_ ? new T[static_cast<std::size_t>(room)] : nullptr);
          for (std::int64_t o = begin; o < end; o += most) {
            const std::int64_t count = std::min(most, end - o);
            collect(all, o * length, count * length, x.get(), y.get());
            loops_[op_].rows(count, length, x.get(), length, y.get(), length, out_ + o, scratch);
          }
        });
  }

  // Outputs longer than a piece: threads share their chunks, then the upper levels follow.
  void gather_chunks(const Dims<2>& all, std::int64_t piece) {
    const std::int64_t chunks = arith::reduce_chunks(plan_.length);
    const std::unique_ptr<T[]> values(new T[static_cast<std::size_t>(plan_.outputs * chunks)]);
    parallel_for(plan_.outputs * chunks, grain / chunk, [&](std::int64_t begin, std::int64_t end) {
      const auto room = static_cast<std::size_t>(std::min(piece, (end - begin) * chunk) + chunk);
      const std::unique_ptr<T[]> x(new T[room]), y(b_ ? new T[room] : nullptr);
      while (begin < end) {
        const std::int64_t o = begin / chunks, first = begin % chunks,
                           last = std::min(chunks, first + end - begin);
        gather_chunks_of(all, piece, o, first, last, x.get(), y.get(), values.get() + o * chunks);
        begin += last - first;
      }
    });
    loops_[combine[op_]].rows(plan_.outputs, chunks, values.get(), chunks, nullptr, 0, out_, scratch);
  }

  // Chunks [first, last) of output o. Pieces end with a row; what is left of a chunk waits for the next
  // piece.
  void gather_chunks_of(const Dims<2>& all, std::int64_t piece, std::int64_t o, std::int64_t first,
      std::int64_t last, T* x, T* y, T* values) const {
    const std::int64_t items = all.size[all.rank - 1], end = std::min(plan_.length, last * chunk);
    for (std::int64_t at = first * chunk, held = 0; at < end;) {
      const std::int64_t into_row = at % items, to_row = into_row ? items - into_row : piece,
                         count = std::min({to_row, piece, end - at});
      collect(all, o * plan_.length + at, count, x + held, y ? y + held : nullptr);
      at += count;
      held += count;
      const std::int64_t ready = at == end ? held : held / chunk * chunk, n = arith::reduce_chunks(ready);
      loops_[op_].chunks(ready, 0, n, x, y, values + first);
      first += n;
      held -= ready;
      std::copy_n(x + ready, held, x);
      if (y) std::copy_n(y + ready, held, y);
    }
  }

  // Copies elements [begin, begin + count) of both operands.
  void collect(const Dims<2>& all, std::int64_t begin, std::int64_t count, T* x, T* y) const {
    const int row = all.rank - 2, item = all.rank - 1;
    const std::int64_t items = all.size[item];
    Position<2> at(all, all.rank, begin);
    for (std::int64_t done = 0; done < count;) {
      const std::int64_t left = count - done, here = std::min(items - at.index[item], left);
      const bool whole = here == items && row >= 0;
      const std::int64_t rows = whole ? std::min(all.size[row] - at.index[row], left / items) : 1;
      const auto copy = [&](int k, const T* from, T* to) {
        const Layout layout{rows, {here, 1}, {row < 0 ? 0 : all.stride[k][row], all.stride[k][item]}, {}, {}};
        copy_(layout, here, to + done, from + at.offset[k], {});
      };
      copy(0, a_, x);
      if (b_) copy(1, b_, y);
      done += rows * here;
      if (whole) at.advance(all, all.rank - 1, rows);
      else at.advance(all, all.rank, here);
    }
  }

  const ReductionPlan& plan_;
  const ReduceLoops<T>* loops_;
  UnaryLoop copy_;
  int op_;
  bool two_;
  const T *a_, *b_;
  T* out_;
};

template <class T>
void reduce_of(ReduceOp op, const Shape& shape, std::uint32_t dims, T* out, const Operand& a,
    const Operand& b, double divisor) {
  const Operand& second = operands[op.index] == 1 ? a : b;
  std::int64_t outputs = 1, length = 1;
  for (int i = 0; i < shape.rank(); ++i) (dims >> i & 1 ? length : outputs) *= shape[i];
  const bool dense = a.data && second.data && !a.strides && !second.strides;
  if (dense && outputs == 1 && length <= grain) {
    cpu_table().of<T>().reduce[op.index].rows(
        1, length, static_cast<const T*>(a.data), 0, static_cast<const T*>(second.data), 0, out, scratch);
  } else if (outputs == 0) {
    return;
  } else if (length == 0) {
    ReduceOps::visit(
        op.index, [&]<class Op>() { std::fill_n(out, outputs, arith::finish<Op>(arith::identity<Op, T>)); });
  } else {
    const T x = static_cast<T>(a.value), y = static_cast<T>(second.value);
    const LoopOperand left = reduce_operand(a, &x), right = reduce_operand(second, &y);
    const ReductionPlan plan(shape, dims, left, right);
    Reduction<T>(op, plan, reinterpret_cast<const T*>(left.data), reinterpret_cast<const T*>(right.data), out)
        .run();
  }
  if (divisor != 1)
    for (std::int64_t i = 0; i < outputs; ++i) out[i] = out[i] / static_cast<T>(divisor);
}

}  // namespace

void reduce(Stream, ReduceOp op, DType dtype, const Shape& shape, std::uint32_t dims, void* out,
    const Operand& a, const Operand& b, double divisor) {
  visit_any(dtype, [&]<class T>(std::type_identity<T>) {
    if constexpr (is_floating_point(dtype_of<T>))
      reduce_of(op, shape, dims, static_cast<T*>(out), a, b, divisor);
    else reduce_integers(op, dtype, shape, dims, static_cast<std::int64_t*>(out), a);
  });
}

}  // namespace tenon::kernels::cpu
