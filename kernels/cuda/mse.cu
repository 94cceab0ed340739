// The squared error and its gradient, computed together so that each element is read only once.
#include <tenon/kernels/arith/elementwise.h>
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/mse.h>
#include <tenon/kernels/cuda/reduce/tree.cuh>

namespace tenon::kernels::cuda {
namespace {

using Op = arith::SumOfSquaredDifferences;

/// The blocks that a multiprocessor runs at once.
template <class T>
inline constexpr int mse_blocks = sizeof(T) == 4 ? 3 : 2;

/// One warp per chunk of 1024, as in reduce/rows.cuh; the last block does the levels above. With Vec all
/// pointers are aligned.
template <bool Vec, class T>
__global__ void __launch_bounds__(block_threads, mse_blocks<T>)
    mse_chunks(std::int64_t n, std::int64_t chunks, const T* __restrict__ a, const T* __restrict__ b, T count,
        T* __restrict__ gradient, T* loss, T* values, unsigned* ticket) {
  constexpr int ahead = 16 / static_cast<int>(sizeof(T));  // 64 bytes of each operand in flight in a lane
  const int lane = static_cast<int>(threadIdx.x) % warp_size * 4;
  for (std::int64_t c = std::int64_t{blockIdx.x} * reduce_warps + threadIdx.x / warp_size; c < chunks;
       c += std::int64_t{gridDim.x} * reduce_warps) {
    const std::int64_t start = c * reduce_chunk;
    const int length = static_cast<int>(n - start < reduce_chunk ? n - start : reduce_chunk);
    T acc[4] = {};
    const auto step = [&](int first, auto whole) {
      const std::int64_t here = start + lane + first;
      T x[ahead][4], y[ahead][4], g[4];
#pragma unroll
      for (int i = 0; i < ahead; ++i) {
        const int at = i * reduce_partials, valid = decltype(whole)::value ? 4 : length - lane - first - at;
        load4<Vec>(a + here + at, valid, x[i]);
        load4<Vec>(b + here + at, valid, y[i]);
      }
#pragma unroll
      for (int i = 0; i < ahead; ++i) {
        const int at = i * reduce_partials, valid = decltype(whole)::value ? 4 : length - lane - first - at;
#pragma unroll
        for (int e = 0; e < 4; ++e) {
          acc[e] = into<Op>(acc[e], x[i][e], y[i][e]);
          g[e] = arith::ScaledDifference()(T(1), x[i][e], y[i][e], T(2), count);
        }
        store4<Vec>(gradient + here, at, valid, g);
      }
    };
    if (length == reduce_chunk)
      for (int q = 0; q < reduce_chunk; q += ahead * reduce_partials) step(q, std::true_type{});
    else
      for (int q = 0; q < length; q += ahead * reduce_partials) step(q, std::false_type{});
    const T v = warp_tree<Op>(acc);
    if (threadIdx.x % warp_size == 0) values[c] = v;
  }
  if (!is_last_block(ticket, gridDim.x)) return;
  const T sum = upper_levels<Op>(values, chunks);
  if (threadIdx.x == 0) *loss = count != T(1) ? sum / count : sum;
}

}  // namespace

void mse(Stream stream, DType dtype, std::int64_t n, void* loss, void* gradient, const void* a, const void* b,
    double count) {
  visit_floating("mse", dtype, [&]<class T>(std::type_identity<T>) {
    const std::int64_t chunks = std::max<std::int64_t>(1, arith::reduce_chunks(n));
    const Scratch values(stream, static_cast<std::size_t>(level_values(chunks)) * sizeof(T));
    with_bool(is_aligned(a) && is_aligned(b) && is_aligned(gradient), [&](auto vec) {
      const std::int64_t resident = mse_blocks<T> * std::int64_t{tenon::cuda::multiprocessors(stream)};
      launch({stream, "mse", {n}}, mse_chunks<vec, T>,
          std::min((chunks + reduce_warps - 1) / reduce_warps, resident), block_threads, n, chunks,
          static_cast<const T*>(a), static_cast<const T*>(b), static_cast<T>(count),
          static_cast<T*>(gradient), static_cast<T*>(loss), values.template as<T>(),
          tenon::cuda::tickets(stream));
    });
  });
}

}  // namespace tenon::kernels::cuda
