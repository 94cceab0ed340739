// The SGD step: one launch for all parameters of all groups. A table maps each block to its parameter and
// options; a short table is passed as a launch argument, a long one through device memory.
#include <vector>

#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/update.h>
#include <tenon/kernels/cuda/pack.cuh>

namespace tenon::kernels::cuda {
namespace {

/// One parameter. `first_block` is the first block of the grid that works on it.
template <class T>
struct Row {
  T* param;
  const T* grad;
  T* buffer;  // null without momentum
  std::int64_t n;
  unsigned first_block;
  bool aligned;  // all three, for 16-byte loads
  arith::Sgd<T> step;
};

/// The elements per block.
constexpr std::int64_t block_elements = 4096;

/// The row that this block works on: the last whose first block is not after it.
template <class T>
__device__ inline const Row<T>& row_of_block(const Row<T>* rows, int count) {
  int low = 0, high = count - 1;
  while (low < high) {
    const int middle = (low + high + 1) / 2;
    if (rows[middle].first_block <= blockIdx.x) low = middle;
    else high = middle - 1;
  }
  return rows[low];
}

template <bool Momentum, class T>
__device__ inline void step_elements(const Row<T>& row) {
  constexpr int w = pack_width<T>;
  const std::int64_t begin = (blockIdx.x - row.first_block) * block_elements;
  const std::int64_t end = row.n - begin < block_elements ? row.n : begin + block_elements;
  const arith::Sgd<T> step = row.step;
  T* const __restrict__ param = row.param, * const __restrict__ buffer = row.buffer;
  const T* const __restrict__ grad = row.grad;
  const auto one = [&](T& p, T g, T& m) {
    if constexpr (Momentum) step(p, g, m);
    else step(p, g);
  };
  for (std::int64_t i = begin + std::int64_t{threadIdx.x} * w; i < end; i += block_threads * w) {
    if (row.aligned && end - i >= w) {
      using Some = Pack<T, w>;
      Some p = *reinterpret_cast<const Some*>(param + i), m{};
      const Some g = *reinterpret_cast<const Some*>(grad + i);
      if constexpr (Momentum) m = *reinterpret_cast<const Some*>(buffer + i);
#pragma unroll
      for (int c = 0; c < w; ++c) one(p.v[c], g.v[c], m.v[c]);
      reinterpret_cast<Some*>(param)[i / w] = p;
      if constexpr (Momentum) reinterpret_cast<Some*>(buffer)[i / w] = m;
    } else {
#pragma unroll
      for (int c = 0; c < w; ++c) {
        if (i + c >= end) continue;
        T none = T(0);
        one(param[i + c], grad[i + c], Momentum ? buffer[i + c] : none);
      }
    }
  }
}

template <class T>
__device__ inline void step_block(const Row<T>* rows, int count) {
  const Row<T>& row = row_of_block(rows, count);
  if (row.buffer) step_elements<true>(row);
  else step_elements<false>(row);
}

/// A table passed as a launch argument, of which there may be 32764 bytes. Smaller arguments are sent faster:
/// 4 rows take 256 bytes for float32, 60 take 3840.
template <class T, int Rows>
struct ShortTable {
  Row<T> row[Rows];
};
constexpr int very_few_rows = 4, few_rows = 60;
template <class T>
constexpr int most_rows = 32700 / static_cast<int>(sizeof(Row<T>));

template <class T, int Rows>
__global__ void __launch_bounds__(block_threads)
    sgd_short(int count, const __grid_constant__ ShortTable<T, Rows> table) {
  step_block(table.row, count);
}
template <class T>
__global__ void __launch_bounds__(block_threads) sgd_long(int count, const Row<T>* rows) {
  step_block(rows, count);
}

template <class T>
void run(Stream stream, std::span<const SgdItem> items) {
  std::int64_t blocks = 0, elements = 0;
  int count = 0;
  const auto fill = [&](Row<T>* rows) {
    for (const SgdItem& item : items) {
      if (item.n == 0) continue;
      const bool aligned =
          is_aligned(item.param) && is_aligned(item.grad) && is_aligned(item.momentum_buffer);
      rows[count++] = {static_cast<T*>(item.param), static_cast<const T*>(item.grad),
          static_cast<T*>(item.momentum_buffer), item.n, static_cast<unsigned>(blocks), aligned,
          sgd_options<T>(item)};
      blocks += (item.n + block_elements - 1) / block_elements;
      elements += item.n;
    }
    constexpr std::int64_t limit = 0x7fffffff;
    check(blocks <= limit, "sgd: {} blocks for {} elements exceed the CUDA limit of {}", blocks, elements,
        limit);
  };
  const auto run_short = [&]<int Rows>(ShortTable<T, Rows> table) {
    fill(table.row);
    launch({stream, "sgd_short", {count, elements}}, sgd_short<T, Rows>, blocks, block_threads, count, table);
  };
  if (items.size() <= very_few_rows) return run_short(ShortTable<T, very_few_rows>());
  if (items.size() <= few_rows) return run_short(ShortTable<T, few_rows>());
  if (items.size() <= most_rows<T>) return run_short(ShortTable<T, most_rows<T>>());
  std::vector<Row<T>> table(items.size());
  fill(table.data());
  const std::size_t bytes = table.size() * sizeof(Row<T>);
  const Scratch rows(stream, bytes);
  tenon::cuda::upload(stream, rows.template as<void>(), table.data(), bytes);
  launch({stream, "sgd_long", {count, elements}}, sgd_long<T>, blocks, block_threads, count,
      rows.template as<Row<T>>());
}

}  // namespace

void sgd(Stream stream, DType dtype, std::span<const SgdItem> items) {
  visit_floating("sgd", dtype, [&]<class T>(std::type_identity<T>) { run<T>(stream, items); });
}

}  // namespace tenon::kernels::cuda
