// Reductions in order R (docs/numerics.md): the order of operations depends only on the number of elements.
#pragma once
#include <tenon/kernels/arith/reduce.h>
#include <tenon/kernels/operand.h>

namespace tenon::kernels {

/// out = op(...) / divisor over the dimensions of `shape` whose bits are set in `dims`, in row-major order of
/// the reduced indices. `out` is dense over the remaining dimensions, in their order. The division is one
/// operation, omitted if the divisor is 1 and for integers. The dtypes are those that the operation `takes`;
/// the result of int64 and boolean is int64. `b` is read only if the operation has two operands.
void reduce(Stream stream, arith::ReduceOp op, DType dtype, const Shape& shape, std::uint32_t dims, void* out,
    const Operand& a, const Operand& b, double divisor);

// The implementation for each device; the caller has checked the dtype.
namespace cpu {
decltype(kernels::reduce) reduce;
}
namespace cuda {
decltype(kernels::reduce) reduce;
/// The same with `bias`, one element in device memory, added to every result after the division.
void reduce_with_bias(Stream stream, arith::ReduceOp op, DType dtype, const Shape& shape, std::uint32_t dims,
    void* out, const Operand& a, const Operand& b, double divisor, const void* bias);
}  // namespace cuda

}  // namespace tenon::kernels
