// Reductions in order R: chooses the kernel. Each reduction is one launch: where an output has several
// chunks, their values go to scratch, and the last block to finish does the levels above.
#include <tenon/kernels/reduce_plan.h>
#include <tenon/kernels/cuda/reduce/columns.cuh>
#include <tenon/kernels/cuda/reduce/rows.cuh>

namespace tenon::kernels::cuda {
namespace {

/// How many blocks share a unit of `chunks`, each at least `least` at a time: where units are few, as many as
/// run at once.
int parts_of(Stream stream, std::int64_t units, std::int64_t chunks, std::int64_t least, int resident) {
  const std::int64_t busy = resident * std::int64_t{tenon::cuda::multiprocessors(stream)};
  static_assert(tenon::cuda::ticket_count >= 8192);
  if (units >= busy || units > tenon::cuda::ticket_count) return 1;
  const std::int64_t most = (chunks + least - 1) / least,
                     rounds = most * units / busy + (most * units % busy != 0);
  return static_cast<int>((most + rounds - 1) / rounds);
}

void check_count(const char* what, std::int64_t count) {
  check(count <= most_items, "reduce: {} {} exceed the CUDA limit of {}", count, what, most_items);
}

template <class Op, class T, class From>
class Reduction {
 public:
  Reduction(
      Stream stream, const ReductionPlan& plan, const From* a, const From* b, const ReduceJob<T, From>& job)
      : stream_(stream), plan_(plan), a_(a), b_(b), job_(job) {}

  void run() {
    const Dims<2>&kept = plan_.kept, &reduced = plan_.reduced;
    check_count("results", plan_.outputs);
    const int inner = kept.rank - 1;
    const bool line = reduced.rank < 2;
    const auto step = [](const Dims<2>& dims, int k) {
      return dims.rank ? dims.stride[k][dims.rank - 1] : 1;
    };
    const bool along = line && step(reduced, 0) == 1 && (!two || step(reduced, 1) == 1);
    if (!along && line && inner >= 0 && kept.size[inner] > 1 && kept.stride[0][inner] == 1) return columns();
    rows(along && rows_aligned());
  }

 private:
  static constexpr bool two = Op::operands == 2;

  /// True if the first elements of every output are aligned for 16-byte loads.
  bool rows_aligned() const {
    constexpr std::int64_t w = pack_width<From>;
    bool aligned = is_aligned(a_) && (!two || is_aligned(b_));
    for (int d = 0; d < plan_.kept.rank; ++d)
      aligned = aligned && plan_.kept.stride[0][d] % w == 0 && (!two || plan_.kept.stride[1][d] % w == 0);
    return aligned && w > 1 && w <= 4;
  }

  void rows(bool vec) {
    if (!vec) check_count("elements of a strided operand", plan_.length);
    Rows<T, From> rows;
    static_cast<ReduceJob<T, From>&>(rows) = job_;
    rows.a = a_, rows.b = b_;
    rows.kept = Offsets<2>(plan_.kept), rows.reduced = Offsets<2>(plan_.reduced);
    if (plan_.length < reduce_partials || (plan_.length == reduce_partials && !vec)) {
      int lanes = 1;
      while (4 * lanes < plan_.length) lanes *= 2;
      launch({stream_, "reduce_short", {plan_.outputs, plan_.length}}, reduce_short<Op, T, From>,
          blocks_for(stream_, plan_.outputs, block_threads / lanes), block_threads, rows, lanes);
      return;
    }
    with_bool(vec, [&](auto v) {
      if constexpr (pack_width<From> <= 4 || !v) launch_rows<v>(rows);
    });
  }

  template <bool Vec>
  void launch_rows(Rows<T, From>& rows) {
    const std::int64_t warps =
        row_blocks<Vec, T> * reduce_warps * std::int64_t{tenon::cuda::multiprocessors(stream_)};
    if (job_.chunks == 1 || (2 * plan_.outputs >= warps && job_.chunks <= reduce_chunk)) {
      launch({stream_, "reduce_rows", {plan_.outputs, plan_.length}}, reduce_rows<Op, Vec, T, From>,
          blocks_for(stream_, plan_.outputs, reduce_warps), block_threads, rows);
      return;
    }
    rows.parts = parts_of(stream_, plan_.outputs, job_.chunks, reduce_warps, row_blocks<Vec, T>);
    const Scratch scratch(stream_, scratch_bytes());
    rows.scratch = scratch.template as<T>();
    launch({stream_, "reduce_long", {plan_.outputs, plan_.length}}, reduce_long<Op, Vec, T, From>,
        plan_.outputs * rows.parts, block_threads, rows);
  }

  void columns() {
    const Dims<2>&kept = plan_.kept, &reduced = plan_.reduced;
    const int inner = kept.rank - 1;
    Columns<T, From> columns;
    static_cast<ReduceJob<T, From>&>(columns) = job_;
    columns.a = a_, columns.b = b_;
    Dims<2> outer = kept;
    outer.rank = inner;
    columns.kept = Offsets<2>(outer);
    columns.width = kept.size[inner];
    columns.b_item = two ? kept.stride[1][inner] : 0;
    columns.a_row = reduced.rank ? reduced.stride[0][0] : 0;
    columns.b_row = reduced.rank ? reduced.stride[1][0] : 0;
    constexpr int w = pack_width<From> <= 4 ? pack_width<From> : 1;
    bool vec =
        w > 1 && is_aligned(a_) && columns.width % w == 0 && columns.a_row % w == 0 && columns.b_item == 0;
    for (int d = 0; d < inner; ++d) vec = vec && kept.stride[0][d] % w == 0;
    if constexpr (w > 1) {
      constexpr int few = 16;
      if (vec && plan_.length <= few) return launch_columns<ColumnTile<w, 32, few>>(columns);
      if (vec) return launch_columns<ColumnTile<w, 8>>(columns);
    }
    if (columns.width < 16) return launch_columns<ColumnTile<1, 8>>(columns);
    launch_columns<ColumnTile<1, 32>>(columns);
  }

  template <class S>
  void launch_columns(Columns<T, From>& columns) {
    constexpr int resident = column_blocks<Op, T>;
    const std::int64_t tiles = (columns.width + S::columns - 1) / S::columns,
                       units = plan_.outputs / columns.width * tiles;
    columns.parts = parts_of(stream_, units, job_.chunks, 1, resident);
    check_count("blocks", units * columns.parts);
    const Scratch scratch(stream_, job_.chunks > 1 ? scratch_bytes() : 0);
    columns.scratch = scratch.template as<T>();
    launch({stream_, "reduce_columns", {plan_.outputs, plan_.length}}, reduce_columns<Op, S, T, From>,
        units * columns.parts, block_threads, columns);
  }

  std::size_t scratch_bytes() const {
    return static_cast<std::size_t>(plan_.outputs * job_.level_values) * sizeof(T);
  }

  const Stream stream_;
  const ReductionPlan& plan_;
  const From *const a_, *const b_;
  const ReduceJob<T, From> job_;
};

template <class Op, class T, class From>
void run(Stream stream, const Shape& shape, std::uint32_t dims, T* out, const Operand& a, const Operand& b,
    double divisor, const T* bias) {
  const Operand& second = Op::operands == 1 ? a : b;
  // Immediate operands are read from device memory, too.
  const Scratch numbers(stream, a.is_immediate() || second.is_immediate() ? 2 * sizeof(From) : 0);
  const From values[2] = {static_cast<From>(a.value), static_cast<From>(second.value)};
  From* const held = numbers.template as<From>();
  if (held) tenon::cuda::upload(stream, held, values, sizeof values);
  const LoopOperand left = reduce_operand(a, held), right = reduce_operand(second, held + 1);
  const ReductionPlan plan(shape, dims, left, right);
  if (plan.outputs == 0) return;
  const std::int64_t chunks = std::max<std::int64_t>(1, arith::reduce_chunks(plan.length));
  const ReduceJob<T, From> job{nullptr, nullptr, plan.outputs, plan.length, chunks, level_values(chunks), 1,
      out, nullptr, tenon::cuda::tickets(stream), {static_cast<T>(divisor), bias}};
  Reduction<Op, T, From>(
      stream, plan, reinterpret_cast<const From*>(left.data), reinterpret_cast<const From*>(right.data), job)
      .run();
}

}  // namespace

void reduce_with_bias(Stream stream, arith::ReduceOp op, DType dtype, const Shape& shape, std::uint32_t dims,
    void* out, const Operand& a, const Operand& b, double divisor, const void* bias) {
  visit_any(dtype, [&]<class From>(std::type_identity<From>) {
    arith::ReduceOps::visit(op.index, [&]<class Op>() {
      if constexpr (Op::template takes<From>) {
        using T = typename Op::template Accumulator<From>;
        run<Op, T, Stored<From>>(
            stream, shape, dims, static_cast<T*>(out), a, b, divisor, static_cast<const T*>(bias));
      }
    });
  });
}

void reduce(Stream stream, arith::ReduceOp op, DType dtype, const Shape& shape, std::uint32_t dims, void* out,
    const Operand& a, const Operand& b, double divisor) {
  reduce_with_bias(stream, op, dtype, shape, dims, out, a, b, divisor, nullptr);
}

}  // namespace tenon::kernels::cuda
