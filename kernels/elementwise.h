// Elementwise kernels. Operands may alias the result exactly (in place) or not at all.
// Every value is defined in docs/numerics.md; a NaN operand gives NaN in every arithmetic operation.
#pragma once
#include <tenon/kernels/arith/op.h>
#include <tenon/kernels/operand.h>

namespace tenon::kernels {

void unary(Stream stream, Unary op, DType dtype, const Shape& shape, Result out, Operand a);

void binary(Stream stream, Binary op, DType dtype, const Shape& shape, Result out, Operand a, Operand b);

void compare(Stream stream, Compare op, DType dtype, const Shape& shape, Result out, Operand a, Operand b);

/// condition ? a : b. The condition is boolean; result, a and b have `dtype` (any).
void where(
    Stream stream, DType dtype, const Shape& shape, Result out, Operand condition, Operand a, Operand b);

/// minimum(maximum(a, low), high), floating point or int64.
void clamp(Stream stream, DType dtype, const Shape& shape, Result out, Operand a, double low, double high);
/// low <= a && a <= high ? g : +0 (floating point)
void clamp_backward(Stream stream, DType dtype, const Shape& shape, Result out, Operand g, Operand a,
    double low, double high);

/// ((scale * g) / count) * (a - b): the gradient of the squared error, with scale = 2 or -2 and the count a
/// mean divides by (1 for none and sum). Floating point.
void scaled_difference(Stream stream, DType dtype, const Shape& shape, Result out, Operand g, Operand a,
    Operand b, double scale, double count);
/// (g * scale) / count * sign(a - b): the gradient of the absolute error. Floating point.
void scaled_sign(Stream stream, DType dtype, const Shape& shape, Result out, Operand g, Operand a, Operand b,
    double scale, double count);

/// out = a, converted from `from` to `to`. Rounds to nearest; to int64 it truncates, saturates, and takes NaN
/// to 0; to boolean it is a != 0. An immediate operand fills.
void copy(Stream stream, DType to, DType from, const Shape& shape, Result out, Operand a);

// The same on a CUDA stream (*.cu); dtypes have been checked. `name` is the operation's, for errors.
namespace cuda {
void unary(const char* name, Stream stream, Unary op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a);
void binary(const char* name, Stream stream, Binary op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a, const Operand& b);
void compare(Stream stream, Compare op, DType dtype, const Shape& shape, const Result& out, const Operand& a,
    const Operand& b);
void where(Stream stream, DType dtype, const Shape& shape, const Result& out, const Operand& condition,
    const Operand& a, const Operand& b);
void clamp(Stream stream, DType dtype, const Shape& shape, const Result& out, const Operand& a, double low,
    double high);
void clamp_backward(Stream stream, DType dtype, const Shape& shape, const Result& out, const Operand& g,
    const Operand& a, double low, double high);
void scaled_difference(Stream stream, DType dtype, const Shape& shape, const Result& out, const Operand& g,
    const Operand& a, const Operand& b, double scale, double count);
void scaled_sign(Stream stream, DType dtype, const Shape& shape, const Result& out, const Operand& g,
    const Operand& a, const Operand& b, double scale, double count);
void copy(Stream stream, DType to, DType from, const Shape& shape, const Result& out, const Operand& a);
}  // namespace cuda

}  // namespace tenon::kernels
