#include <tenon/kernels/mse.h>

#include <tenon/core/check.h>
#include <tenon/core/cuda/backend.h>
#include <tenon/kernels/elementwise.h>
#include <tenon/kernels/reduce.h>

namespace tenon::kernels {

void mse(Stream stream, DType dtype, std::int64_t n, void* loss, void* gradient, const void* a, const void* b,
    double count) {
  check(is_floating_point(dtype), "mse: not defined for {}", dtype);
  if constexpr (tenon::cuda::built_with_cuda)
    if (stream.device().is_cuda()) return cuda::mse(stream, dtype, n, loss, gradient, a, b, count);
  reduce(stream, Reduce::squared_difference, dtype, {n}, 1, loss, a, b, count);
  scaled_difference(stream, dtype, {n}, gradient, 1.0, a, b, 2, count);
}

}  // namespace tenon::kernels
