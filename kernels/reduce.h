// Reductions in order R (docs/numerics.md): the order of additions is a function of the number of elements
// alone.
#pragma once
#include <tenon/kernels/arith/reduce.h>
#include <tenon/kernels/operand.h>

namespace tenon::kernels {

/// out = op(...) / divisor over the dimensions of `shape` whose bit is set in `dims`, in row-major order of
/// the reduced indices. `out` is dense over the remaining dimensions, in their order. The division is one
/// operation, left out for divisor 1; integers are not divided. Operation::takes says which dtypes an
/// operation takes; of int64 and boolean the result is int64. `b` is read only where the operation has one.
void reduce(Stream stream, arith::ReduceOp op, DType dtype, const Shape& shape, std::uint32_t dims, void* out,
    const Operand& a, const Operand& b, double divisor);

// The implementations for each device. The dtype has been checked.
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
