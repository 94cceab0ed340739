// Reductions in order R. Each is one launch: where an output has several chunks, their values go to scratch,
// and the last block to finish one does the levels above.
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/cuda/offsets.h>
#include <tenon/kernels/reduce_plan.h>
#include <tenon/kernels/cuda/reduce.cuh>

namespace tenon::kernels::cuda {
namespace {

constexpr int warps = block_threads / warp_size;

/// What is done to a sum last.
template <class T>
struct Last {
  T divisor;
  const T* bias;

  __device__ T operator()(T sum) const {
    const T v = divisor != T(1) ? sum / divisor : sum;
    return bias ? v + *bias : v;
  }
};

/// The operands a and b, and where a reduction leaves its values. Units of work are divided among blocks:
/// `parts` blocks share the chunks of a unit.
template <class T, class From>
struct Job {
  const From *a, *b;
  std::int64_t outputs, length, chunks, level_values;
  int parts;
  T *out, *scratch;
  unsigned* tickets;
  Last<T> last;
};

// ---- an output at a time: a warp does a chunk

/// How elements are found: `kept` gives an output's first element, `reduced` the others'. With Vec the
/// reduced elements are consecutive in a and b, and every output's first one is aligned.
template <class T, class From>
struct Rows : Job<T, From> {
  Offsets<2> kept, reduced;
};

template <class Op, bool Vec, class T, class From>
__device__ T chunk_value(const Rows<T, From>& job, const From* a, const From* b, std::int64_t chunk) {
  constexpr bool two = Op::operands == 2;
  const std::int64_t start = chunk * reduce_chunk;
  const int n = static_cast<int>(job.length - start < reduce_chunk ? job.length - start : reduce_chunk);
  const int lane = static_cast<int>(threadIdx.x) % warp_size * 4;
  T acc[4];
  fill_with_identity<Op>(acc);
  if constexpr (Vec) {
    if (n == reduce_chunk) {  // many loads in flight before the first addition
      constexpr int ahead = 32 / static_cast<int>(sizeof(T));
#pragma unroll
      for (int r = 0; r < reduce_chunk / reduce_partials; r += ahead) {
        T x[ahead][4], y[ahead][4] = {};
#pragma unroll
        for (int i = 0; i < ahead; ++i) {
          load4<Vec>(a + start + (r + i) * reduce_partials + lane, 4, x[i]);
          if constexpr (two) load4<Vec>(b + start + (r + i) * reduce_partials + lane, 4, y[i]);
        }
#pragma unroll
        for (int i = 0; i < ahead; ++i)
#pragma unroll
          for (int c = 0; c < 4; ++c) acc[c] = into<Op>(acc[c], x[i][c], y[i][c]);
      }
      return warp_tree<Op>(acc);
    }
  }
  for (int q = lane; q < n; q += reduce_partials) {
    T x[4], y[4];
    fill_with_identity<Op>(x), fill_with_identity<Op>(y);
    if constexpr (Vec) {
      load4<Vec>(a + start + q, n - q, x, arith::identity<Op, T>);
      if constexpr (two) load4<Vec>(b + start + q, n - q, y, arith::identity<Op, T>);
    } else {
#pragma unroll
      for (int c = 0; c < 4; ++c) {
        if (q + c >= n) continue;
        std::int64_t at[2];
        job.reduced.at(static_cast<unsigned>(start) + static_cast<unsigned>(q + c), at);
        x[c] = static_cast<T>(a[at[0]]);
        if constexpr (two) y[c] = static_cast<T>(b[at[1]]);
      }
    }
#pragma unroll
    for (int c = 0; c < 4; ++c) acc[c] = into<Op>(acc[c], x[c], y[c]);
  }
  return warp_tree<Op>(acc);
}

/// Outputs of one chunk: a warp each.
template <class Op, bool Vec, class T, class From>
__global__ void __launch_bounds__(block_threads) reduce_short(const __grid_constant__ Rows<T, From> job) {
  for (std::int64_t o = std::int64_t{blockIdx.x} * warps + threadIdx.x / warp_size; o < job.outputs;
       o += std::int64_t{gridDim.x} * warps) {
    std::int64_t at[2];
    job.kept.at(static_cast<unsigned>(o), at);
    const T v = chunk_value<Op, Vec>(job, job.a + at[0], job.b + at[1], 0);
    if (threadIdx.x % warp_size == 0) job.out[o] = job.last(arith::finish<Op>(v));
  }
}

/// Outputs of many chunks: `parts` blocks each.
template <class Op, bool Vec, class T, class From>
__global__ void __launch_bounds__(block_threads, 1) reduce_long(const __grid_constant__ Rows<T, From> job) {
  const unsigned parts = static_cast<unsigned>(job.parts), part = blockIdx.x % parts, o = blockIdx.x / parts;
  T* const values = job.scratch + o * job.level_values;
  std::int64_t at[2];
  job.kept.at(o, at);
  for (std::int64_t c = std::int64_t{part} * warps + threadIdx.x / warp_size; c < job.chunks;
       c += std::int64_t{parts} * warps) {
    const T v = chunk_value<Op, Vec>(job, job.a + at[0], job.b + at[1], c);
    if (threadIdx.x % warp_size == 0) values[c] = v;
  }
  if (!is_last_block(job.tickets + o, parts)) return;
  const T sum = upper_levels<Op>(values, job.chunks);
  if (threadIdx.x == 0) job.out[o] = job.last(sum);
}

// ---- neighbouring outputs that are neighbours in memory: a block does 32 of them

/// Output (o, j) is R over the rows r of a[kept(o) + r * a_row + j] and b[kept(o) + r * b_row + j * b_item].
template <class T, class From>
struct Columns : Job<T, From> {
  Offsets<2> kept;
  std::int64_t width, a_row, b_row, b_item;
};

/// What the warps of a block tell each other: a number of each for each column.
template <class T>
using Partials = T[warps][warp_size];

/// The value of chunk `chunk` of `count` rows in each lane's column, where add(row, acc) adds the element of
/// a row, if the lane has a column. Warp w holds the partials w, w + 8, ... and does the halving tree down to
/// h = 8 by itself.
template <class Op, class T, class Into>
__device__ inline T column_chunk(
    Partials<T>& part, std::int64_t count, std::int64_t chunk, bool has_column, const Into& add) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size,
            warp = static_cast<int>(threadIdx.x) / warp_size;
  const std::int64_t start = chunk * reduce_chunk;
  const int n = static_cast<int>(count - start < reduce_chunk ? count - start : reduce_chunk);
  constexpr int own = reduce_partials / warps;
  T acc[own];
  fill_with_identity<Op>(acc);
  for (int r = warp; r < n; r += reduce_partials)
#pragma unroll
    for (int i = 0; i < own; ++i) {
      const int q = r + i * warps;
      if (q < n && has_column) acc[i] = add(start + q, acc[i]);
    }
  register_tree<Op, own / 2>(acc);
  part[warp][lane] = acc[0];
  __syncthreads();
  T v[warps];
#pragma unroll
  for (int w = 0; w < warps; ++w) v[w] = part[w][lane];
  register_tree<Op, warps / 2>(v);
  __syncthreads();  // before the numbers of the next chunk
  return v[0];
}

template <class Op, class T, class From>
__global__ void __launch_bounds__(block_threads, 1)
    reduce_columns(const __grid_constant__ Columns<T, From> job) {
  SIMT_SHARED(part, Partials<T>);
  const std::int64_t tiles = (job.width + warp_size - 1) / warp_size;
  const unsigned parts = static_cast<unsigned>(job.parts), unit = blockIdx.x / parts;
  const std::int64_t o = unit / tiles, j = unit % tiles * warp_size + threadIdx.x % warp_size;
  const bool has_column = j < job.width, writes = has_column && threadIdx.x < warp_size;
  std::int64_t at[2];
  job.kept.at(static_cast<unsigned>(o), at);
  const From* const a = job.a + at[0] + j;
  const From* const b = job.b + at[1] + j * job.b_item;
  T* const out = job.out + o * job.width + j;
  T* values = job.scratch + o * job.level_values * job.width + j;  // of this column; rows are `width` apart
  for (std::int64_t c = blockIdx.x % parts; c < job.chunks; c += parts) {
    const T v = column_chunk<Op>(part, job.length, c, has_column, [&](std::int64_t row, T acc) {
      const T x = static_cast<T>(a[row * job.a_row]);
      if constexpr (Op::operands == 1) return into<Op>(acc, x, x);
      else return into<Op>(acc, x, static_cast<T>(b[row * job.b_row]));
    });
    if (job.chunks > 1 && writes) values[c * job.width] = v;
    else if (writes) *out = job.last(arith::finish<Op>(v));
  }
  if (job.chunks == 1 || !is_last_block(job.tickets + unit, parts)) return;
  for (std::int64_t count = job.chunks; count > 1;) {
    const std::int64_t above = arith::reduce_chunks(count);
    for (std::int64_t c = 0; c < above; ++c) {
      const T v = column_chunk<Op>(part, count, c, has_column,
          [&](std::int64_t row, T acc) { return combine<Op>(acc, __ldcg(values + row * job.width)); });
      if (above > 1 && writes) values[(count + c) * job.width] = v;
      else if (writes) *out = job.last(arith::finish<Op>(v));
    }
    __syncthreads();  // before the next level reads this one
    values += count * job.width;
    count = above;
  }
}

// ---- the choice

/// Blocks that share a unit of `chunks`: enough to keep the device busy where there are few units, each with
/// `least` chunks or more.
int parts_of(Stream stream, std::int64_t units, std::int64_t chunks, std::int64_t least) {
  const std::int64_t busy = 8 * std::int64_t{tenon::cuda::multiprocessors(stream)};
  static_assert(tenon::cuda::ticket_count >= 8192);
  if (units >= busy || units > tenon::cuda::ticket_count) return 1;
  return static_cast<int>(
      std::clamp<std::int64_t>((chunks + least - 1) / least, 1, (busy + units - 1) / units));
}

void check_count(const char* what, std::int64_t count) {
  check(count <= most_items, "reduce: {} {} exceed the CUDA limit of {}", count, what, most_items);
}

template <class Op, class T, class From>
class Reduction {
 public:
  Reduction(Stream stream, const ReductionPlan& plan, const From* a, const From* b, const Job<T, From>& job)
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

  /// Every output's first elements begin a 16-byte load.
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
    static_cast<Job<T, From>&>(rows) = job_;
    rows.a = a_, rows.b = b_;
    rows.kept = Offsets<2>(plan_.kept), rows.reduced = vec ? Offsets<2>() : Offsets<2>(plan_.reduced);
    const bool is_short = job_.chunks == 1;
    const Launch what{stream_, is_short ? "reduce_short" : "reduce_long", {plan_.outputs, plan_.length}};
    with_bool(vec, [&](auto v) {
      if constexpr (pack_width<From> <= 4 || !v) {
        if (is_short) {
          launch(what, reduce_short<Op, v, T, From>, blocks_for(stream_, plan_.outputs, warps), block_threads,
              rows);
          return;
        }
        rows.parts = parts_of(stream_, plan_.outputs, job_.chunks, warps);
        const Scratch scratch(stream_, scratch_bytes());
        rows.scratch = scratch.template as<T>();
        launch(what, reduce_long<Op, v, T, From>, plan_.outputs * rows.parts, block_threads, rows);
      }
    });
  }

  void columns() {
    const Dims<2>&kept = plan_.kept, &reduced = plan_.reduced;
    const int inner = kept.rank - 1;
    Columns<T, From> columns;
    static_cast<Job<T, From>&>(columns) = job_;
    columns.a = a_, columns.b = b_;
    Dims<2> outer = kept;
    outer.rank = inner;
    columns.kept = Offsets<2>(outer);
    columns.width = kept.size[inner];
    columns.b_item = two ? kept.stride[1][inner] : 0;
    columns.a_row = reduced.rank ? reduced.stride[0][0] : 0;
    columns.b_row = reduced.rank ? reduced.stride[1][0] : 0;
    const std::int64_t units = outer.count() * ((columns.width + warp_size - 1) / warp_size);
    columns.parts = parts_of(stream_, units, job_.chunks, 1);
    check_count("blocks", units * columns.parts);
    const Scratch scratch(stream_, job_.chunks > 1 ? scratch_bytes() : 0);
    columns.scratch = scratch.template as<T>();
    launch({stream_, "reduce_columns", {plan_.outputs, plan_.length}}, reduce_columns<Op, T, From>,
        units * columns.parts, block_threads, columns);
  }

  std::size_t scratch_bytes() const {
    return static_cast<std::size_t>(plan_.outputs * job_.level_values) * sizeof(T);
  }

  const Stream stream_;
  const ReductionPlan& plan_;
  const From *const a_, *const b_;
  const Job<T, From> job_;
};

template <class Op, class T, class From>
void run(Stream stream, const Shape& shape, std::uint32_t dims, T* out, const Operand& a, const Operand& b,
    double divisor, const T* bias) {
  const Operand& second = Op::operands == 1 ? a : b;
  // A number is read from device memory like anything else.
  const Scratch numbers(stream, a.is_immediate() || second.is_immediate() ? 2 * sizeof(From) : 0);
  const From values[2] = {static_cast<From>(a.value), static_cast<From>(second.value)};
  From* const held = numbers.template as<From>();
  if (held) tenon::cuda::upload(stream, held, values, sizeof values);
  const LoopOperand left = reduce_operand(a, held), right = reduce_operand(second, held + 1);
  const ReductionPlan plan(shape, dims, left, right);
  if (plan.outputs == 0) return;
  const std::int64_t chunks = std::max<std::int64_t>(1, arith::reduce_chunks(plan.length));
  const Job<T, From> job{nullptr, nullptr, plan.outputs, plan.length, chunks, level_values(chunks), 1, out,
      nullptr, tenon::cuda::tickets(stream), {static_cast<T>(divisor), bias}};
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
