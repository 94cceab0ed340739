// The squared error and its gradient, computed together so that each element is read only once.
#include <tenon/kernels/arith/elementwise.h>
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/mse.h>
#include <tenon/kernels/cuda/reduce/tree.cuh>

namespace tenon::kernels::cuda {
namespace {

using Op = arith::SumOfSquaredDifferences;

/// One warp per chunk of 1024, as in reduce/rows.cuh; the last block does the levels above. With Vec all
/// pointers are aligned.
template <bool Vec, class T>
__global__ void __launch_bounds__(block_threads, 1)
    mse_chunks(std::int64_t n, std::int64_t chunks, const T* __restrict__ a, const T* __restrict__ b, T count,
        T* __restrict__ gradient, T* loss, T* values, unsigned* ticket) {
  for (std::int64_t c = std::int64_t{blockIdx.x} * reduce_warps + threadIdx.x / warp_size; c < chunks;
       c += std::int64_t{gridDim.x} * reduce_warps) {
    const std::int64_t start = c * reduce_chunk;
    const int length = static_cast<int>(n - start < reduce_chunk ? n - start : reduce_chunk);
    T acc[4] = {};
#pragma unroll 4
    for (int q = static_cast<int>(threadIdx.x) % warp_size * 4; q < length; q += reduce_partials) {
      T x[4], y[4], g[4];
      load4<Vec>(a + start + q, length - q, x);
      load4<Vec>(b + start + q, length - q, y);
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        acc[i] = into<Op>(acc[i], x[i], y[i]);
        g[i] = arith::ScaledDifference()(T(1), x[i], y[i], T(2), count);
      }
      store4<Vec>(gradient + start, q, length - q, g);
    }
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
      launch({stream, "mse", {n}}, mse_chunks<vec, T>, blocks_for(stream, chunks, reduce_warps),
          block_threads, n, chunks, static_cast<const T*>(a), static_cast<const T*>(b), static_cast<T>(count),
          static_cast<T*>(gradient), static_cast<T*>(loss), values.template as<T>(),
          tenon::cuda::tickets(stream));
    });
  });
}

}  // namespace tenon::kernels::cuda
