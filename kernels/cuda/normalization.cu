// Normalised rows that stay in registers (reduce/kept_rows.cuh).
#include <tenon/kernels/normalization.h>
#include <tenon/kernels/cuda/reduce/kept_rows.cuh>

namespace tenon::kernels::cuda {
namespace {

static_assert(longest_normalized_row <= most_chunks * reduce_chunk);

/// Arguments of normalize() and of its gradient; absent arrays are null.
template <class T>
struct Forward {
  std::int64_t rows;
  int size;
  bool subtracts_mean;
  T eps;
  T *out, *y, *scale;
  const T *a, *weight, *bias;
};
template <class T>
struct Backward {
  std::int64_t rows;
  int size;
  bool subtracts_mean;
  T* out;
  const T *g, *weight, *y, *scale;
};

template <class Row, class T>
__device__ inline void normalize_rows(Row row, const Forward<T>& job) {
  const int n = job.size;
  const T count = static_cast<T>(n);
  for (std::int64_t r = Row::first(); r < job.rows; r += Row::step()) {
    const T* const from = job.a + r * n;
    T x[slots];
    const auto load = [&](int at, int length) {
      for_each_slot(length, [&](int i, int q) { x[i] = q < length ? from[at + q] : T(0); });
    };
    if (Row::keeps) row.for_each_chunk(load);
    T mean = T(0);  // x - 0 is x
    if (job.subtracts_mean)
      mean = row.template reduce<arith::Sum>([&](int at, int length) {
        if (!Row::keeps) load(at, length);
        return chunk_value<arith::Sum>(length, x);
      }) / count;
    const auto lower = [&](int at, int length) {
      if (!Row::keeps) load(at, length);
      for_each_slot(length, [&](int i, int q) { x[i] = q < length ? x[i] - mean : T(0); });
    };
    const T squares = row.template reduce<arith::SumOfProducts>([&](int at, int length) {
      lower(at, length);
      return chunk_value<arith::SumOfProducts>(length, x);
    });
    const T scale = T(1) / num::sqrt(squares / count + job.eps);
    if (row.is_first_thread()) job.scale[r] = scale;
    row.for_each_chunk([&](int at, int length) {
      if (!Row::keeps) lower(at, length);
      for_each_slot(length, [&](int i, int q) {
        if (q >= length) return;
        T v = x[i] * scale;
        if (job.y) job.y[r * n + at + q] = v;
        if (job.weight) v = v * job.weight[at + q];
        if (job.bias) v = v + job.bias[at + q];
        job.out[r * n + at + q] = v;
      });
    });
  }
}

template <class Row, class T>
__device__ inline void normalize_rows(Row row, const Backward<T>& job) {
  const int n = job.size;
  const T count = static_cast<T>(n);
  for (std::int64_t r = Row::first(); r < job.rows; r += Row::step()) {
    const T *const g_row = job.g + r * n, *const y_row = job.y + r * n;
    T slope[slots], y[slots];
    const auto load = [&](int at, int length) {
      for_each_slot(length, [&](int i, int q) {
        slope[i] = q < length ? g_row[at + q] : T(0);
        y[i] = q < length ? y_row[at + q] : T(0);
      });
      if (job.weight)
        for_each_slot(length, [&](int i, int q) {
          if (q < length) slope[i] = slope[i] * job.weight[at + q];
        });
    };
    const T product = row.template reduce<arith::SumOfProducts>([&](int at, int length) {
      load(at, length);
      return chunk_value<arith::SumOfProducts>(length, slope, y);
    }) / count;
    T mean = T(0);
    if (job.subtracts_mean)
      mean = row.template reduce<arith::Sum>([&](int at, int length) {
        if (!Row::keeps) load(at, length);
        return chunk_value<arith::Sum>(length, slope);
      }) / count;
    const T scale = job.scale[r];
    row.for_each_chunk([&](int at, int length) {
      if (!Row::keeps) load(at, length);
      for_each_slot(length, [&](int i, int q) {
        if (q < length) job.out[r * n + at + q] = ((slope[i] - y[i] * product) - mean) * scale;
      });
    });
  }
}

template <class T, template <class> class Job>
__global__ void __launch_bounds__(block_threads) normalize_short(const __grid_constant__ Job<T> job) {
  normalize_rows(ShortRow<T>(job.size), job);
}
template <bool Keeps, class T, template <class> class Job>
__global__ void __launch_bounds__(LongRow<T, Keeps>::threads)
    normalize_long(const __grid_constant__ Job<T> job) {
  using Values = typename LongRow<T, Keeps>::Values;
  SIMT_SHARED(values, Values);
  normalize_rows(LongRow<T, Keeps>(job.size, values), job);
}

template <class T, template <class> class Job>
void launch_rows(const char* op, Stream stream, const Job<T>& job) {
  const tenon::cuda::Launch launched{stream, op, {job.rows, job.size}};
  with_kept_rows<T>(
      stream, job.rows, job.size, [&](auto is_long, auto keeps, std::int64_t blocks, int threads) {
        if constexpr (is_long) launch(launched, normalize_long<keeps, T, Job>, blocks, threads, job);
        else launch(launched, normalize_short<T, Job>, blocks, threads, job);
      });
}

}  // namespace

void normalize(Stream stream, const Normalization& what, void* out, void* y, void* scale, const void* a,
    const void* weight, const void* bias) {
  visit_floating("normalize", what.dtype, [&]<class T>(std::type_identity<T>) {
    const Forward<T> job{what.rows, static_cast<int>(what.size), what.kind == Normalization::Kind::layer,
        static_cast<T>(what.eps), static_cast<T*>(out), static_cast<T*>(y), static_cast<T*>(scale),
        static_cast<const T*>(a), static_cast<const T*>(weight), static_cast<const T*>(bias)};
    launch_rows("normalize", stream, job);
  });
}

void normalize_backward(Stream stream, const Normalization& what, void* out, const void* g,
    const void* weight, const void* y, const void* scale) {
  visit_floating("normalize_backward", what.dtype, [&]<class T>(std::type_identity<T>) {
    const Backward<T> job{what.rows, static_cast<int>(what.size), what.kind == Normalization::Kind::layer,
        static_cast<T*>(out), static_cast<const T*>(g), static_cast<const T*>(weight),
        static_cast<const T*>(y), static_cast<const T*>(scale)};
    launch_rows("normalize_backward", stream, job);
  });
}

}  // namespace tenon::kernels::cuda
