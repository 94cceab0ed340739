// The steps of the optimizers: one launch for all parameters of all groups. A table maps each block to its
// parameter and options; a short table is passed as a launch argument, a long one through device memory.
#include <type_traits>
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
  T* state[Step::most];  // the absent ones come last and are null
  std::int64_t n;
  unsigned first_block;
  bool aligned;  // all of them, for 16-byte loads
  Step step;
};

template <class T, class Item>
auto row_of(const Item& item) {
  const auto step = step_of<T>(item);
  Row<std::remove_const_t<decltype(step)>> row{static_cast<T*>(item.param), static_cast<const T*>(item.grad),
      {}, item.n, 0, is_aligned(item.param) && is_aligned(item.grad), step};
  int i = 0;
  for (void* const state : states_of(item)) {
    row.state[i++] = static_cast<T*>(state);
    row.aligned = row.aligned && is_aligned(state);
  }
  return row;
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

/// The step of one element; state(k) is number k of its state.
template <int States, class Step, class T, class State>
__device__ inline void step_element(const Step& step, T& p, T g, State state) {
  if constexpr (States == 0) step(p, g);
  else if constexpr (States == 1) step(p, g, state(0));
  else if constexpr (States == 2) step(p, g, state(0), state(1));
  else step(p, g, state(0), state(1), state(2));
}

/// States: how many of the row's arrays are present.
template <int States, class Step>
__device__ inline void step_elements(const Row<Step>& row) {
  using T = typename Step::Element;
  constexpr int w = pack_width<T>;
  const std::int64_t begin = (blockIdx.x - row.first_block) * block_elements;
  const std::int64_t end = row.n - begin < block_elements ? row.n : begin + block_elements;
  const Step step = row.step;
  T* const __restrict__ param = row.param;
  const T* const __restrict__ grad = row.grad;
  T* array[States > 0 ? States : 1];
#pragma unroll
  for (int k = 0; k < States; ++k) array[k] = row.state[k];
  for (std::int64_t i = begin + std::int64_t{threadIdx.x} * w; i < end; i += block_threads * w) {
    if (row.aligned && end - i >= w) {
      using Some = Pack<T, w>;
      Some p = *reinterpret_cast<const Some*>(param + i), state[States > 0 ? States : 1];
      const Some g = *reinterpret_cast<const Some*>(grad + i);
#pragma unroll
      for (int k = 0; k < States; ++k) state[k] = *reinterpret_cast<const Some*>(array[k] + i);
#pragma unroll
      for (int c = 0; c < w; ++c)
        step_element<States>(step, p.v[c], g.v[c], [&](int k) -> T& { return state[k].v[c]; });
      reinterpret_cast<Some*>(param)[i / w] = p;
#pragma unroll
      for (int k = 0; k < States; ++k) reinterpret_cast<Some*>(array[k])[i / w] = state[k];
    } else {
#pragma unroll 1  // there are few such elements, and they should not cost registers
      for (int c = 0; c < w; ++c) {
        if (i + c >= end) break;
        step_element<States>(step, param[i + c], grad[i + c], [&](int k) -> T& { return array[k][i + c]; });
      }
    }
  }
}

/// Counts the row's arrays, of which there are at least States.
template <int States, class Step>
__device__ inline void step_row(const Row<Step>& row) {
  if constexpr (States < Step::most)
    if (row.state[States]) return step_row<States + 1>(row);
  step_elements<States>(row);
}

template <class Step>
__device__ inline void step_block(const Row<Step>* rows, int count) {
  step_row<Step::fewest>(row_of_block(rows, count));
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

void rmsprop(Stream stream, DType dtype, std::span<const RmsPropItem> items) {
  visit_floating("rmsprop", dtype, [&]<class T>(std::type_identity<T>) { run<T>("rmsprop", stream, items); });
}

void adagrad(Stream stream, DType dtype, std::span<const AdagradItem> items) {
  visit_floating("adagrad", dtype, [&]<class T>(std::type_identity<T>) { run<T>("adagrad", stream, items); });
}

}  // namespace tenon::kernels::cuda
