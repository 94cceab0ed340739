// Selections by index along a dimension. Memory limits them: the latency of an index and then of what it
// selects, so that several are in flight. An index out of range is recorded for the next synchronisation.
#include <tenon/kernels/arith/comparison.h>
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/cuda/offsets.h>
#include <tenon/kernels/index.h>
#include <tenon/kernels/cuda/pack.cuh>

namespace tenon::kernels::cuda {
namespace {

using tenon::cuda::Fault;

/// Records that `index` at `position` is not in [0, size), unless an error was recorded before.
__device__ inline void note(Fault* fault, const char* text, std::int64_t index, std::int64_t position,
    std::int64_t dim, std::int64_t size) {
  if (atomicCAS(&fault->found, 0u, 1u) != 0) return;
  fault->text = text;
  fault->values[0] = index, fault->values[1] = position, fault->values[2] = dim, fault->values[3] = size;
}

/// Division by a number that does not fit a Divider.
class SlowDivider {
 public:
  explicit SlowDivider(std::int64_t divisor)
      : divisor_(divisor > 0 ? static_cast<std::uint64_t>(divisor) : 1) {}
  __device__ std::uint64_t split(std::uint64_t& n) const {
    const std::uint64_t remainder = n % divisor_;
    n /= divisor_;
    return remainder;
  }

 private:
  std::uint64_t divisor_;
};

template <class Number>
struct Taken {
  using Division = std::conditional_t<sizeof(Number) == 4, Divider, SlowDivider>;
  Indexed layout;
  std::int64_t count;
  Division by_count, by_inner;
  int dim;
  const char* text;  // of the error

  Taken(const Indexed& shape, std::int64_t indices, int dimension, const char* error)
      : layout(shape),
        count(indices),
        by_count(indices),
        by_inner(shape.inner),
        dim(dimension),
        text(error) {}
};

/// out[o, i, j] = a[o, index[i], j], or with Each a[o, index[o, i, j], j]. T has the size of the unit that is
/// moved; a thread moves `Items` at a time, with all of their loads in flight before the first store.
template <bool Each, int Items, class T, class Number>
__global__ void __launch_bounds__(block_threads) take(const __grid_constant__ Taken<Number> job, Number n,
    T* out, const T* a, const std::int64_t* index, Fault* fault) {
  const Number step = Number{gridDim.x} * blockDim.x;
  for (Number first = Number{blockIdx.x} * blockDim.x + threadIdx.x; first < n; first += Items * step) {
    Number o[Items], i[Items], j[Items];
    std::int64_t from[Items];
    T x[Items];
#pragma unroll
    for (int k = 0; k < Items; ++k) {
      const Number at = first + k * step < n ? first + k * step : first;
      o[k] = at;
      j[k] = job.by_inner.split(o[k]), i[k] = job.by_count.split(o[k]);
      from[k] = index[Each ? at : i[k]];
    }
#pragma unroll
    for (int k = 0; k < Items; ++k)
      if (from[k] >= 0 && from[k] < job.layout.size)
        x[k] = a[(static_cast<std::int64_t>(o[k]) * job.layout.size + from[k]) * job.layout.inner +
                 static_cast<std::int64_t>(j[k])];
    std::int64_t wrong = 0, where = -1;
#pragma unroll
    for (int k = 0; k < Items; ++k) {
      const Number at = first + k * step;
      if (at >= n) continue;
      if (from[k] >= 0 && from[k] < job.layout.size) out[at] = x[k];
      else wrong = from[k], where = static_cast<std::int64_t>(Each ? at : i[k]);
    }
    if (where >= 0) note(fault, job.text, wrong, where, job.dim, job.layout.size);
  }
}

/// The layout and the pointers in units of T.
template <bool Each, class T>
void take(const char* name, Stream stream, const Indexed& layout, void* out, const void* a,
    const std::int64_t* index, std::int64_t count, int dim, const char* error) {
  const std::int64_t n = layout.outer * count * layout.inner;
  const auto run = [&]<int Items, class Number>(std::integral_constant<int, Items>, Number numbers) {
    launch({stream, name, {layout.outer, count, layout.inner}, true}, take<Each, Items, T, Number>,
        blocks_for(stream, n, Items * block_threads), block_threads, Taken<Number>(layout, count, dim, error),
        numbers, static_cast<T*>(out), static_cast<const T*>(a), index, tenon::cuda::fault_slot(stream));
  };
  // Several units per thread pay if there are more units than the device has threads.
  constexpr std::integral_constant<int, std::clamp<int>(16 / sizeof(T), 1, 4)> several;
  if (n > most_items) run(several, static_cast<std::uint64_t>(n));
  else if (n > 2048 * std::int64_t{tenon::cuda::multiprocessors(stream)})
    run(several, static_cast<unsigned>(n));
  else run(std::integral_constant<int, 1>(), static_cast<unsigned>(n));
}

__global__ void __launch_bounds__(block_threads) find_wrong(const std::int64_t* index, std::int64_t n,
    std::int64_t least, std::int64_t size, int dim, const char* text, Fault* fault) {
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < n;
       i += std::int64_t{gridDim.x} * blockDim.x)
    if (index[i] < least || index[i] >= size) note(fault, text, index[i], i, dim, size);
}

/// With Adds out[o, index[o, i, j], j] += g[o, i, j], else = max(itself, i). Neither depends on the order.
template <bool Adds>
__global__ void __launch_bounds__(block_threads) combine(
    Indexed layout, std::int64_t count, std::int64_t* out, const std::int64_t* g, const std::int64_t* index) {
  const std::int64_t n = layout.outer * count * layout.inner;
  for (std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; at < n;
       at += std::int64_t{gridDim.x} * blockDim.x) {
    const std::int64_t j = at % layout.inner, i = at / layout.inner % count, o = at / layout.inner / count;
    const std::int64_t k = index[at];
    if (k < 0 || k >= layout.size) continue;
    std::int64_t* const to = out + (o * layout.size + k) * layout.inner + j;
    if constexpr (Adds)
      atomicAdd(reinterpret_cast<unsigned long long*>(to), static_cast<unsigned long long>(g[at]));
    else atomicMax(reinterpret_cast<long long*>(to), i);
  }
}

template <bool Adds>
void combine_at(const char* name, Stream stream, const Indexed& layout, std::int64_t* out,
    const std::int64_t* g, const std::int64_t* index, std::int64_t count) {
  const std::int64_t n = layout.outer * count * layout.inner;
  launch({stream, name, {layout.outer, count, layout.inner}}, combine<Adds>,
      blocks_for(stream, n, block_threads), block_threads, layout, count, out, g, index);
}

__global__ void __launch_bounds__(block_threads)
    find_growths(std::int64_t n, std::int64_t* out, const std::int64_t* count) {
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < n;
       i += std::int64_t{gridDim.x} * blockDim.x) {
    const std::int64_t before = i > 0 ? count[i - 1] : 0;
    if (count[i] > before) out[before] = i;
  }
}

}  // namespace

void index_select(Stream stream, DType dtype, Indexed layout, void* out, const void* a,
    const std::int64_t* index, std::int64_t count, int dim) {
  const std::int64_t bytes = layout.inner * static_cast<std::int64_t>(size_of(dtype));
  const auto fits = [&](std::int64_t unit) {
    const auto u = static_cast<std::size_t>(unit);
    return bytes % unit == 0 && is_aligned(out, u) && is_aligned(a, u);
  };
  const auto run = [&]<class T>(std::type_identity<T>) {
    Indexed units = layout;
    units.inner = bytes / static_cast<std::int64_t>(sizeof(T));
    take<false, T>("index_select", stream, units, out, a, index, count, dim, index_select_error);
  };
  if (fits(16)) run(std::type_identity<Pack<std::uint32_t, 4>>());
  else if (fits(8)) run(std::type_identity<std::uint64_t>());
  else if (fits(4)) run(std::type_identity<std::uint32_t>());
  else run(std::type_identity<std::uint8_t>());
}

void gather(Stream stream, DType dtype, Indexed layout, void* out, const void* a, const std::int64_t* index,
    std::int64_t count, int dim) {
  visit_any(dtype, [&]<class T>(std::type_identity<T>) {
    take<true, arith::Bytes<T>>("gather", stream, layout, out, a, index, count, dim, gather_error);
  });
}

void check_indices(Stream stream, const std::int64_t* index, std::int64_t n, std::int64_t least,
    std::int64_t size, int dim, const char* range_error) {
  launch({stream, "find_wrong", {n}, true}, find_wrong, blocks_for(stream, n, block_threads), block_threads,
      index, n, least, size, dim, range_error, tenon::cuda::fault_slot(stream));
}

void last_position(
    Stream stream, Indexed layout, std::int64_t* out, const std::int64_t* index, std::int64_t count) {
  combine_at<false>("last_position", stream, layout, out, index, index, count);
}

void add_integers(Stream stream, Indexed layout, std::int64_t* out, const std::int64_t* g,
    const std::int64_t* index, std::int64_t count) {
  combine_at<true>("add_integers", stream, layout, out, g, index, count);
}

void growths(Stream stream, std::int64_t n, std::int64_t* out, const std::int64_t* count) {
  launch({stream, "find_growths", {n}}, find_growths, blocks_for(stream, n, block_threads), block_threads, n,
      out, count);
}

}  // namespace tenon::kernels::cuda
