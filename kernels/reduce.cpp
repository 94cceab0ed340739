#include <tenon/kernels/reduce.h>

#include <tenon/kernels/check_dtype.h>
#include <tenon/kernels/on_device.h>

namespace tenon::kernels {
namespace {

using arith::ReduceOps;

constexpr auto takes_numbers =
    ReduceOps::map<bool>([]<class Op>() { return Op::template takes<std::int64_t>; });
constexpr auto takes_any = ReduceOps::map<bool>([]<class Op>() { return Op::template takes<bool>; });

}  // namespace

void reduce(Stream stream, arith::ReduceOp op, DType dtype, const Shape& shape, std::uint32_t dims, void* out,
    const Operand& a, const Operand& b, double divisor) {
  if (!takes_any[op.index]) check_dtype(op.name(), takes_numbers[op.index], dtype);
  on_device<cpu::reduce, cuda::reduce>(stream, op, dtype, shape, dims, out, a, b, divisor);
}

}  // namespace tenon::kernels
