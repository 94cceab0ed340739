// Reductions in order R (docs/numerics.md): the order of additions is a function of the number of elements
// alone.
#pragma once
#include <tenon/kernels/arith/op.h>
#include <tenon/kernels/operand.h>

namespace tenon::kernels {

/// out = R(...) / divisor over the dimensions of `shape` whose bit is set in `dims`, in row-major order of
/// the reduced indices. `out` is dense over the remaining dimensions, in their order. The division is one
/// operation, left out for divisor 1. Floating point; `sum` also takes int64 and boolean, whose sums are
/// int64. `b` is read only where the operation has one.
void reduce(Stream stream, Reduce op, DType dtype, const Shape& shape, std::uint32_t dims, void* out,
    Operand a, Operand b, double divisor);

/// The same on a CUDA stream (reduce.cu); the dtype has been checked. `bias`, one element in device memory,
/// is added to every result after the division; it may be null.
namespace cuda {
void reduce(Stream stream, Reduce op, DType dtype, const Shape& shape, std::uint32_t dims, void* out,
    const Operand& a, const Operand& b, double divisor, const void* bias = nullptr);
}

}  // namespace tenon::kernels
