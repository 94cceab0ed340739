// Elementwise kernels. Operands may alias the result exactly (in place) or not at all.
// Every value is defined in docs/numerics.md; a NaN operand gives NaN in every arithmetic operation.
#pragma once
#include <tenon/kernels/arith/elementwise.h>
#include <tenon/kernels/operand.h>

namespace tenon::kernels {

using arith::Parameters;

/// out = op(a, parameters...), elementwise over `shape`. Throws Error if the operation does not support
/// `dtype`.
void unary(Stream stream, arith::UnaryOp op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a, Parameters parameters = {});
/// out = op(a, b, parameters...)
void binary(Stream stream, arith::BinaryOp op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a, const Operand& b, Parameters parameters = {});
/// out = op(a, b, c, parameters...)
void ternary(Stream stream, arith::TernaryOp op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a, const Operand& b, const Operand& c, Parameters parameters = {});

/// out = op(a, b). The operands have `dtype` (any), the result is boolean, one byte per element, 0 or 1.
void compare(Stream stream, arith::CompareOp op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a, const Operand& b);

/// condition ? a : b. The condition is boolean; result, a and b have `dtype` (any).
void where(Stream stream, DType dtype, const Shape& shape, const Result& out, const Operand& condition,
    const Operand& a, const Operand& b);

/// out = a, converted from `from` to `to`. Rounds to nearest; conversion to int64 truncates, saturates and
/// turns NaN into 0; conversion to boolean is a != 0. An immediate operand fills `out`.
void copy(Stream stream, DType to, DType from, const Shape& shape, const Result& out, const Operand& a);

// The implementations per device. The dtype has been checked.
namespace cpu {
decltype(kernels::unary) unary;
decltype(kernels::binary) binary;
decltype(kernels::ternary) ternary;
decltype(kernels::compare) compare;
decltype(kernels::where) where;
decltype(kernels::copy) copy;
}  // namespace cpu
namespace cuda {
decltype(kernels::unary) unary;
decltype(kernels::binary) binary;
decltype(kernels::ternary) ternary;
decltype(kernels::compare) compare;
decltype(kernels::where) where;
decltype(kernels::copy) copy;
}  // namespace cuda

}  // namespace tenon::kernels
