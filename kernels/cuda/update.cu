// The steps of the optimizers: one launch for all parameters of all groups. A table maps each block to its
// parameter and options; a short table is passed as a launch argument, a long one through device memory.
#include <vector>

#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/update.h>
#include <tenon/kernels/cuda/pack.cuh>

namespace tenon::kernels::cuda {
namespace {

/// One parameter. `first_block` is the first block of the grid that works on it.
template <class Step>
struct Row {
  using T = typename Step::Element;
  T* param;
  const T* grad;
  T* state[Step::states];  // null for SGD without momentum
  std::int64_t n;
  unsigned first_block;
  bool aligned;  // all of them, for 16-byte loads
  Step step;
};

template <class T>
Row<arith::Sgd<T>> row_of(const SgdItem& item) {
  return {static_cast<T*>(item.param), static_cast<const T*>(item.grad),
      {static_cast<T*>(item.momentum_buffer)}, item.n, 0,
      is_aligned(item.param) && is_aligned(item.grad) && is_aligned(item.momentum_buffer),
      sgd_options<T>(item)};
}
template <class T>
Row<arith::Adam<T>> row_of(const AdamItem& item) {
  return {static_cast<T*>(item.param), static_cast<const T*>(item.grad),
      {static_cast<T*>(item.exp_avg), static_cast<T*>(item.exp_avg_sq)}, item.n, 0,
      is_aligned(item.param) && is_aligned(item.grad) && is_aligned(item.exp_avg) &&
          is_aligned(item.exp_avg_sq),
      adam_options<T>(item)};
}

/// The elements per block.
constexpr std::int64_t block_elements = 4096;

/// The row that this block works on: the last whose first block is not after it.
template <class Step>
__device__ inline const Row<Step>& row_of_block(const Row<Step>* rows, int count) {
  int low = 0, high = count - 1;
  while (low < high) {
    const int middle = (low + high + 1) / 2;
    if (rows[middle].first_block <= blockIdx.x) low = middle;
    else high = middle - 1;
  }
  return rows[low];
}

/// States: how many of the row's arrays the step uses.
template <int States, class Step>
__device__ inline void step_elements(const Row<Step>& row) {
  using T = typename Step::Element;
  constexpr int w = pack_width<T>;
  const std::int64_t begin = (blockIdx.x - row.first_block) * block_elements;
  const std::int64_t end = row.n - begin < block_elements ? row.n : begin + block_elements;
  const Step step = row.step;
  T* const __restrict__ param = row.param;
  const T* const __restrict__ grad = row.grad;
  T* const __restrict__ first = row.state[0];
  T* const __restrict__ second = row.state[Step::states - 1];
  const auto one = [&](T& p, T g, T& s, T& t) {
    if constexpr (States == 0) step(p, g);
    else if constexpr (States == 1) step(p, g, s);
    else step(p, g, s, t);
  };
  for (std::int64_t i = begin + std::int64_t{threadIdx.x} * w; i < end; i += block_threads * w) {
    if (row.aligned && end - i >= w) {
      using Some = Pack<T, w>;
      Some p = *reinterpret_cast<const Some*>(param + i), s{}, t{};
      const Some g = *reinterpret_cast<const Some*>(grad + i);
      if constexpr (States > 0) s = *reinterpret_cast<const Some*>(first + i);
      if constexpr (States > 1) t = *reinterpret_cast<const Some*>(second + i);
#pragma unroll
      for (int c = 0; c < w; ++c) one(p.v[c], g.v[c], s.v[c], t.v[c]);
      reinterpret_cast<Some*>(param)[i / w] = p;
      if constexpr (States > 0) reinterpret_cast<Some*>(first)[i / w] = s;
      if constexpr (States > 1) reinterpret_cast<Some*>(second)[i / w] = t;
    } else {
#pragma unroll 1  // there are few such elements, and they should not cost registers
      for (int c = 0; c < w; ++c) {
        if (i + c >= end) break;
        T none = T(0);
        one(param[i + c], grad[i + c], States > 0 ? first[i + c] : none, States > 1 ? second[i + c] : none);
      }
    }
  }
}

template <class Step>
__device__ inline void step_block(const Row<Step>* rows, int count) {
  const Row<Step>& row = row_of_block(rows, count);
  if constexpr (Step::states > 1) step_elements<Step::states>(row);
  else if (row.state[0]) step_elements<1>(row);
  else step_elements<0>(row);
}

/// A table passed as a launch argument, of which there may be 32764 bytes. Smaller arguments are sent faster:
/// for SGD in float32 4 rows take 256 bytes, and 60 take 3840.
template <class Step, int Rows>
struct ShortTable {
  Row<Step> row[Rows];
};
constexpr int very_few_rows = 4, few_rows = 60;
template <class Step>
constexpr int most_rows = 32700 / static_cast<int>(sizeof(Row<Step>));

template <class Step, int Rows>
__global__ void __launch_bounds__(block_threads)
    step_short(int count, const __grid_constant__ ShortTable<Step, Rows> table) {
  step_block(table.row, count);
}
template <class Step>
__global__ void __launch_bounds__(block_threads) step_long(int count, const Row<Step>* rows) {
  step_block(rows, count);
}

template <class T, class Item>
void run(const char* name, Stream stream, std::span<const Item> items) {
  using Step = decltype(row_of<T>(items[0]).step);
  std::int64_t blocks = 0, elements = 0;
  int count = 0;
  const auto fill = [&](Row<Step>* rows) {
    for (const Item& item : items) {
      if (item.n == 0) continue;
      rows[count] = row_of<T>(item);
      rows[count++].first_block = static_cast<unsigned>(blocks);
      blocks += (item.n + block_elements - 1) / block_elements;
      elements += item.n;
    }
    constexpr std::int64_t limit = 0x7fffffff;
    check(blocks <= limit, "{}: {} blocks for {} elements exceed the CUDA limit of {}", name, blocks,
        elements, limit);
  };
  const auto run_short = [&]<int Rows>(ShortTable<Step, Rows> table) {
    fill(table.row);
    launch({stream, name, {count, elements}}, step_short<Step, Rows>, blocks, block_threads, count, table);
  };
  if (items.size() <= very_few_rows) return run_short(ShortTable<Step, very_few_rows>());
  if (items.size() <= few_rows) return run_short(ShortTable<Step, few_rows>());
  if (items.size() <= most_rows<Step>) return run_short(ShortTable<Step, most_rows<Step>>());
  std::vector<Row<Step>> table(items.size());
  fill(table.data());
  const std::size_t bytes = table.size() * sizeof(Row<Step>);
  const Scratch rows(stream, bytes);
  tenon::cuda::upload(stream, rows.template as<void>(), table.data(), bytes);
  launch({stream, name, {count, elements}}, step_long<Step>, blocks, block_threads, count,
      rows.template as<Row<Step>>());
}

}  // namespace

void sgd(Stream stream, DType dtype, std::span<const SgdItem> items) {
  visit_floating("sgd", dtype, [&]<class T>(std::type_identity<T>) { run<T>("sgd", stream, items); });
}

void adam(Stream stream, DType dtype, std::span<const AdamItem> items) {
  visit_floating("adam", dtype, [&]<class T>(std::type_identity<T>) { run<T>("adam", stream, items); });
}

}  // namespace tenon::kernels::cuda
