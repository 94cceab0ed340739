// Running sums: a thread adds up a chunk of a column, the totals of the chunks get running sums of their own,
// and each chunk is added to what comes before it. Threads beside each other have neighbouring columns, or,
// if there is one column, neighbouring chunks, whose cache lines each of them reads through.
#include <tenon/kernels/arith/reduce.h>
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/scan.h>

namespace tenon::kernels::cuda {
namespace {

using arith::scan_chunk;

/// The running sums of each chunk alone, and its total in totals[outer, chunks, inner]. `out` may be `a`.
template <class T>
__global__ void __launch_bounds__(block_threads)
    scan_chunks_of(Indexed layout, std::int64_t chunks, T* out, const T* a, T* totals) {
  const std::int64_t units = layout.outer * chunks * layout.inner;
  for (std::int64_t unit = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; unit < units;
       unit += std::int64_t{gridDim.x} * blockDim.x) {
    const std::int64_t j = unit % layout.inner, c = unit / layout.inner % chunks;
    const std::int64_t column = unit / layout.inner / chunks * layout.size * layout.inner + j;
    const std::int64_t end = (c + 1) * scan_chunk < layout.size ? (c + 1) * scan_chunk : layout.size;
    T sum = T(0);
    for (std::int64_t i = c * scan_chunk; i < end; ++i) {
      sum = sum + a[column + i * layout.inner];
      out[column + i * layout.inner] = sum;
    }
    if (chunks > 1) totals[unit] = sum;
  }
}

/// out[o, i, j] = before[o, chunk of i - 1, j] + out[o, i, j], except in the first chunks.
template <class T>
__global__ void __launch_bounds__(block_threads)
    add_before(Indexed layout, std::int64_t chunks, T* out, const T* before) {
  const std::int64_t n = layout.outer * layout.size * layout.inner;
  for (std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; at < n;
       at += std::int64_t{gridDim.x} * blockDim.x) {
    const std::int64_t j = at % layout.inner, c = at / layout.inner % layout.size / scan_chunk;
    if (c == 0) continue;
    const std::int64_t o = at / layout.inner / layout.size;
    out[at] = before[(o * chunks + c - 1) * layout.inner + j] + out[at];
  }
}

template <class T>
void scan(Stream stream, const Indexed& layout, T* out, const T* a) {
  const std::int64_t chunks = arith::scan_chunks(layout.size), units = layout.outer * chunks * layout.inner;
  const Scratch totals(stream, chunks > 1 ? static_cast<std::size_t>(units) * sizeof(T) : 0);
  launch({stream, "scan_chunks_of", {layout.outer, layout.size, layout.inner}}, scan_chunks_of<T>,
      blocks_for(stream, units, block_threads), block_threads, layout, chunks, out, a, totals.as<T>());
  if (chunks <= 1) return;
  scan<T>(stream, {layout.outer, chunks, layout.inner}, totals.as<T>(), totals.as<T>());
  const std::int64_t n = layout.outer * layout.size * layout.inner;
  launch({stream, "add_before", {layout.outer, layout.size, layout.inner}}, add_before<T>,
      blocks_for(stream, n, block_threads), block_threads, layout, chunks, out, totals.as<T>());
}

}  // namespace

void cumsum(Stream stream, DType dtype, Indexed layout, void* out, const void* a) {
  visit_number("cumsum", dtype, [&]<class T>(std::type_identity<T>) {
    using Sum = typename arith::SummedIn<T>::type;
    scan(stream, layout, static_cast<Sum*>(out), static_cast<const Sum*>(a));
  });
}

}  // namespace tenon::kernels::cuda
