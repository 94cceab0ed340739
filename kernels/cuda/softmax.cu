// Softmax: a warp per row, which it keeps in registers. Longer rows and columns are a sequence of other
// kernels.
#include <limits>

#include <tenon/kernels/softmax.h>
#include <tenon/kernels/cuda/reduce/tree.cuh>

namespace tenon::kernels::cuda {
namespace {

/// Lane l holds the elements l, l + 32, l + 64, ... of a row, which is one chunk of order R.
constexpr int slots = static_cast<int>(reduce_chunk) / warp_size;

template <class F>
__device__ inline void for_each_slot(int n, const F& f) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
#pragma unroll
  for (int i = 0; i < slots; ++i)
    if (i * warp_size < n) f(i, i * warp_size + lane);
}

/// Reduces a row; what is beyond its end is the identity.
template <class Op, class T>
__device__ inline T row_value(int n, const T (&x)[slots]) {
  T acc[4];
  fill_with_identity<Op>(acc);
  for_each_slot(n, [&](int i, int) { acc[i % 4] = combine<Op>(acc[i % 4], x[i]); });
  return arith::finish<Op>(group_tree<Op>(acc));
}

/// A maximum below `lowest` and a sum below `least` count as these.
template <bool Log, class T>
__global__ void __launch_bounds__(block_threads)
    softmax_rows(std::int64_t rows, int n, T lowest, T least, T* out, const T* a) {
  for (std::int64_t row = std::int64_t{blockIdx.x} * reduce_warps + threadIdx.x / warp_size; row < rows;
       row += std::int64_t{gridDim.x} * reduce_warps) {
    const T* const from = a + row * n;
    T* const to = out + row * n;
    T x[slots], powers[slots];
    for_each_slot(n, [&](int i, int q) { x[i] = q < n ? from[q] : arith::identity<arith::Amax, T>; });
    const T most = num::maximum(row_value<arith::Amax>(n, x), lowest);
    for_each_slot(n, [&](int i, int q) {
      x[i] = x[i] - most;
      powers[i] = q < n ? num::exp(x[i]) : T(0);
    });
    const T sum = num::maximum(row_value<arith::Sum>(n, powers), least);
    const T log_sum = Log ? num::log(sum) : T(0);
    for_each_slot(n, [&](int i, int q) {
      if (q < n) to[q] = Log ? x[i] - log_sum : powers[i] / sum;
    });
  }
}

template <bool Log, class T>
__global__ void __launch_bounds__(block_threads)
    softmax_rows_backward(std::int64_t rows, int n, T* out, const T* g, const T* y) {
  for (std::int64_t row = std::int64_t{blockIdx.x} * reduce_warps + threadIdx.x / warp_size; row < rows;
       row += std::int64_t{gridDim.x} * reduce_warps) {
    const std::int64_t first = row * n;
    T part[slots], factor[slots];
    for_each_slot(n, [&](int i, int q) {
      part[i] = q < n ? g[first + q] : T(0);
      factor[i] = q < n ? y[first + q] : T(0);
    });
    for_each_slot(n, [&](int i, int) {
      if (Log) factor[i] = num::exp(factor[i]);
      else part[i] = part[i] * factor[i];
    });
    const T sum = row_value<arith::Sum>(n, part);
    for_each_slot(n, [&](int i, int q) {
      if (q < n) out[first + q] = part[i] - factor[i] * sum;
    });
  }
}

bool is_short_row(const Indexed& layout) { return layout.inner == 1 && layout.size <= reduce_chunk; }

/// What SoftmaxSteps need.
struct Memory {
  Memory(Stream stream, DType dtype, const Indexed& layout, bool needs_room)
      : values(stream, static_cast<std::size_t>(layout.outer * layout.inner) * size_of(dtype)),
        room(stream,
            needs_room ? static_cast<std::size_t>(layout.outer * layout.size * layout.inner) * size_of(dtype)
                       : 0) {}
  Scratch values, room;
};

/// Calls f(std::bool_constant<kind is log>, an element of the dtype).
template <class F>
void with_kind(Softmax kind, DType dtype, const F& f) {
  visit_floating("softmax", dtype, [&]<class T>(std::type_identity<T>) {
    with_bool(kind == Softmax::log, [&](auto log) { f(log, T()); });
  });
}

}  // namespace

void softmax(Stream stream, Softmax kind, DType dtype, Indexed layout, void* out, const void* a) {
  if (layout.outer * layout.size * layout.inner == 0) return;
  if (!is_short_row(layout)) {
    const Memory memory(stream, dtype, layout, kind == Softmax::log);
    const SoftmaxSteps steps(stream, dtype, layout);
    return steps.forward(kind, out, a, memory.values.as<void>(), memory.room.as<void>());
  }
  with_kind(kind, dtype, [&]<class T>(auto log, T) {
    using Limits = std::numeric_limits<T>;
    const bool or_zeros = kind == Softmax::or_zeros;
    launch({stream, "softmax_rows", {layout.outer, layout.size}}, softmax_rows<log, T>,
        blocks_for(stream, layout.outer, reduce_warps), block_threads, layout.outer,
        static_cast<int>(layout.size), or_zeros ? Limits::lowest() : -Limits::infinity(),
        or_zeros ? T(1) : T(0), static_cast<T*>(out), static_cast<const T*>(a));
  });
}

void softmax_backward(
    Stream stream, Softmax kind, DType dtype, Indexed layout, void* out, const void* g, const void* y) {
  if (layout.outer * layout.size * layout.inner == 0) return;
  if (!is_short_row(layout)) {
    const Memory memory(stream, dtype, layout, kind != Softmax::log);
    const SoftmaxSteps steps(stream, dtype, layout);
    return steps.backward(kind, out, g, y, memory.values.as<void>(), memory.room.as<void>());
  }
  with_kind(kind, dtype, [&]<class T>(auto log, T) {
    launch({stream, "softmax_rows_backward", {layout.outer, layout.size}}, softmax_rows_backward<log, T>,
        blocks_for(stream, layout.outer, reduce_warps), block_threads, layout.outer,
        static_cast<int>(layout.size), static_cast<T*>(out), static_cast<const T*>(g),
        static_cast<const T*>(y));
  });
}

void log_softmax_at_backward(Stream stream, DType dtype, Indexed layout, void* out, const void* g,
    const std::int64_t* classes, const void* y) {
  if (layout.outer * layout.size * layout.inner == 0) return;
  const Scratch slope(
      stream, static_cast<std::size_t>(layout.outer * layout.size * layout.inner) * size_of(dtype));
  cuda::gather_add(stream, dtype, layout, slope.as<void>(), g, classes, 1);
  cuda::softmax_backward(stream, Softmax::log, dtype, layout, out, slope.as<void>(), y);
}

}  // namespace tenon::kernels::cuda
