// Softmax along rows that stay in registers (reduce/kept_rows.cuh). Columns, and the longest rows, are a
// sequence of other kernels.
#include <limits>

#include <tenon/kernels/softmax.h>
#include <tenon/kernels/cuda/reduce/kept_rows.cuh>

namespace tenon::kernels::cuda {
namespace {

/// A maximum below `lowest` and a sum below `least` count as these.
template <bool Log, class Row, class T>
__device__ inline void forward(Row row, std::int64_t rows, int n, T lowest, T least, T* out, const T* a) {
  for (std::int64_t r = Row::first(); r < rows; r += Row::step()) {
    const T* const from = a + r * n;
    T* const to = out + r * n;
    T x[slots];
    const auto load = [&](int at, int length) {
      for_each_slot(
          length, [&](int i, int q) { x[i] = q < length ? from[at + q] : arith::identity<arith::Amax, T>; });
    };
    const auto largest = [&](int at, int length) {
      load(at, length);
      return chunk_value<arith::Amax>(length, x);
    };
    const T most = num::maximum(row.template reduce<arith::Amax>(largest), lowest);
    // x = x - most, or its power
    const auto lower = [&](int at, int length) {
      if (!Row::keeps) load(at, length);
      for_each_slot(length, [&](int i, int q) {
        x[i] = x[i] - most;
        if (!Log) x[i] = q < length ? num::exp(x[i]) : T(0);
      });
    };
    const auto sum_of_powers = [&](int at, int length) {
      lower(at, length);
      if (!Log) return chunk_value<arith::Sum>(length, x);
      T powers[slots];
      for_each_slot(length, [&](int i, int q) { powers[i] = q < length ? num::exp(x[i]) : T(0); });
      return chunk_value<arith::Sum>(length, powers);
    };
    const T sum = num::maximum(row.template reduce<arith::Sum>(sum_of_powers), least);
    const T log_sum = Log ? num::log(sum) : T(0);
    row.for_each_chunk([&](int at, int length) {
      if (!Row::keeps) lower(at, length);
      for_each_slot(length, [&](int i, int q) {
        if (q < length) to[at + q] = Log ? x[i] - log_sum : x[i] / sum;
      });
    });
  }
}

/// A gradient per element.
template <class T>
struct Dense {
  const T* g;
  __device__ T at(std::int64_t row, int n, int q) const { return g[row * n + q]; }
};
/// A gradient for one element of each row, 0 for the others.
template <class T>
struct AtClass {
  const T* g;
  const std::int64_t* classes;
  __device__ T at(std::int64_t row, int, int q) const { return q == classes[row] ? T(0) + g[row] : T(0); }
};

template <bool Log, class Row, class T, class G>
__device__ inline void backward(Row row, std::int64_t rows, int n, T* out, const G& g, const T* y) {
  for (std::int64_t r = Row::first(); r < rows; r += Row::step()) {
    T part[slots], factor[slots];
    const auto load = [&](int at, int length) {
      for_each_slot(length, [&](int i, int q) {
        part[i] = q < length ? g.at(r, n, at + q) : T(0);
        factor[i] = q < length ? y[r * n + at + q] : T(0);
        if (Log) factor[i] = num::exp(factor[i]);
        else part[i] = part[i] * factor[i];
      });
    };
    const T sum = row.template reduce<arith::Sum>([&](int at, int length) {
      load(at, length);
      return chunk_value<arith::Sum>(length, part);
    });
    row.for_each_chunk([&](int at, int length) {
      if (!Row::keeps) load(at, length);
      for_each_slot(length, [&](int i, int q) {
        if (q < length) out[r * n + at + q] = part[i] - factor[i] * sum;
      });
    });
  }
}

template <bool Log, class T>
__global__ void __launch_bounds__(block_threads)
    softmax_rows(std::int64_t rows, int n, T lowest, T least, T* out, const T* a) {
  forward<Log>(ShortRow<T>(n), rows, n, lowest, least, out, a);
}
template <bool Log, bool Keeps, class T>
__global__ void __launch_bounds__(LongRow<T, Keeps>::threads)
    softmax_long_rows(std::int64_t rows, int n, T lowest, T least, T* out, const T* a) {
  using Values = typename LongRow<T, Keeps>::Values;
  SIMT_SHARED(values, Values);
  forward<Log>(LongRow<T, Keeps>(n, values), rows, n, lowest, least, out, a);
}

template <bool Log, class T, class G>
__global__ void __launch_bounds__(block_threads)
    softmax_rows_backward(std::int64_t rows, int n, T* out, G g, const T* y) {
  backward<Log>(ShortRow<T>(n), rows, n, out, g, y);
}
template <bool Log, bool Keeps, class T, class G>
__global__ void __launch_bounds__(LongRow<T, Keeps>::threads)
    softmax_long_rows_backward(std::int64_t rows, int n, T* out, G g, const T* y) {
  using Values = typename LongRow<T, Keeps>::Values;
  SIMT_SHARED(values, Values);
  backward<Log>(LongRow<T, Keeps>(n, values), rows, n, out, g, y);
}

bool are_rows(const Indexed& layout) { return layout.inner == 1 && can_keep_rows(layout.size); }

template <bool Log, class T, class G>
void launch_backward(Stream stream, const Indexed& layout, T* out, const G& g, const T* y) {
  const tenon::cuda::Launch what{stream, "softmax_backward", {layout.outer, layout.size}};
  with_kept_rows<T>(
      stream, layout.outer, layout.size, [&](auto is_long, auto keeps, std::int64_t blocks, int threads) {
        const int n = static_cast<int>(layout.size);
        if constexpr (is_long)
          launch(what, softmax_long_rows_backward<Log, keeps, T, G>, blocks, threads, layout.outer, n, out, g,
              y);
        else launch(what, softmax_rows_backward<Log, T, G>, blocks, threads, layout.outer, n, out, g, y);
      });
}

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
  if (!are_rows(layout)) {
    const Memory memory(stream, dtype, layout, kind == Softmax::log);
    const SoftmaxSteps steps(stream, dtype, layout);
    return steps.forward(kind, out, a, memory.values.as<void>(), memory.room.as<void>());
  }
  with_kind(kind, dtype, [&]<class T>(auto log, T) {
    using Limits = std::numeric_limits<T>;
    const bool or_zeros = kind == Softmax::or_zeros;
    const T lowest = or_zeros ? Limits::lowest() : -Limits::infinity(), least = or_zeros ? T(1) : T(0);
    const tenon::cuda::Launch what{stream, "softmax", {layout.outer, layout.size}};
    with_kept_rows<T>(
        stream, layout.outer, layout.size, [&](auto is_long, auto keeps, std::int64_t blocks, int threads) {
          const auto run = [&](auto kernel) {
            launch(what, kernel, blocks, threads, layout.outer, static_cast<int>(layout.size), lowest, least,
                static_cast<T*>(out), static_cast<const T*>(a));
          };
          if constexpr (is_long) run(softmax_long_rows<log, keeps, T>);
          else run(softmax_rows<log, T>);
        });
  });
}

void softmax_backward(
    Stream stream, Softmax kind, DType dtype, Indexed layout, void* out, const void* g, const void* y) {
  if (layout.outer * layout.size * layout.inner == 0) return;
  if (!are_rows(layout)) {
    const Memory memory(stream, dtype, layout, kind != Softmax::log);
    const SoftmaxSteps steps(stream, dtype, layout);
    return steps.backward(kind, out, g, y, memory.values.as<void>(), memory.room.as<void>());
  }
  with_kind(kind, dtype, [&]<class T>(auto log, T) {
    launch_backward<log>(
        stream, layout, static_cast<T*>(out), Dense<T>{static_cast<const T*>(g)}, static_cast<const T*>(y));
  });
}

void log_softmax_at_backward(Stream stream, DType dtype, Indexed layout, void* out, const void* g,
    const std::int64_t* classes, const void* y) {
  if (layout.outer * layout.size * layout.inner == 0) return;
  if (are_rows(layout))
    return visit_floating("log_softmax_at_backward", dtype, [&]<class T>(std::type_identity<T>) {
      launch_backward<true>(stream, layout, static_cast<T*>(out),
          AtClass<T>{static_cast<const T*>(g), classes}, static_cast<const T*>(y));
    });
  const Scratch slope(
      stream, static_cast<std::size_t>(layout.outer * layout.size * layout.inner) * size_of(dtype));
  cuda::gather_add(stream, dtype, layout, slope.as<void>(), g, classes, 1);
  cuda::softmax_backward(stream, Softmax::log, dtype, layout, out, slope.as<void>(), y);
}

}  // namespace tenon::kernels::cuda
