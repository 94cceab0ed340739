// Fills whose element i is a function of i alone.
#include <tenon/kernels/arith/fill.h>
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/fill.h>

namespace tenon::kernels::cuda {
namespace {

/// out[i] = value(i)
template <class T, class Value>
__global__ void __launch_bounds__(block_threads) fill_by_index(std::int64_t n, T* out, Value value) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < n; i += step)
    out[i] = static_cast<T>(value(i));
}

template <class T, class Value>
void by_index(const char* name, Stream stream, std::int64_t n, void* out, Value value) {
  launch({stream, name, {n}}, fill_by_index<T, Value>, blocks_for(stream, n, block_threads), block_threads, n,
      static_cast<T*>(out), value);
}

}  // namespace

void arange(Stream stream, DType dtype, std::int64_t n, void* out, double start, double step) {
  visit_number("arange", dtype, [&]<class T>(std::type_identity<T>) {
    by_index<T>("arange", stream, n, out, arith::Arange<T>(start, step));
  });
}

void linspace(Stream stream, DType dtype, std::int64_t n, void* out, double start, double end) {
  visit_floating("linspace", dtype, [&]<class T>(std::type_identity<T>) {
    by_index<T>("linspace", stream, n, out, arith::Linspace(start, end, n));
  });
}

}  // namespace tenon::kernels::cuda
