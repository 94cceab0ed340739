#pragma once
#include <tenon/kernels/reduce.h>

namespace tenon::kernels::cpu {

/// Reductions of integers and booleans, for which any order gives the same result; `out` is int64.
void reduce_integers(arith::ReduceOp op, DType dtype, const Shape& shape, std::uint32_t dims,
    std::int64_t* out, const Operand& a);

}  // namespace tenon::kernels::cpu
