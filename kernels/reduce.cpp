#include <tenon/kernels/reduce.h>

#include <tenon/core/check.h>
#include <tenon/kernels/on_device.h>

namespace tenon::kernels {

void reduce(Stream stream, arith::ReduceOp op, DType dtype, const Shape& shape, std::uint32_t dims, void* out,
    const Operand& a, const Operand& b, double divisor) {
  check(is_floating_point(dtype) || op == arith::Sum(), "reduce: only sums are defined for {}", dtype);
  on_device<cpu::reduce, cuda::reduce>(stream, op, dtype, shape, dims, out, a, b, divisor);
}

}  // namespace tenon::kernels
