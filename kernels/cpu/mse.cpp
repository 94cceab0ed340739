#include <tenon/kernels/mse.h>

#include <tenon/kernels/elementwise.h>
#include <tenon/kernels/reduce.h>

namespace tenon::kernels::cpu {

void mse(Stream stream, DType dtype, std::int64_t n, void* loss, void* gradient, const void* a, const void* b,
    double count) {
  visit_floating("mse", dtype, [](auto) {});
  cpu::reduce(stream, arith::SumOfSquaredDifferences(), dtype, {n}, 1, loss, a, b, count);
  cpu::ternary(stream, arith::ScaledDifference(), dtype, {n}, gradient, 1.0, a, b, {2, count});
}

}  // namespace tenon::kernels::cpu
