// The operations of the elementwise and reduction kernels, and their names in errors. No includes beyond
// <cstdint>: the files that are compiled once per instruction set use these too (kernels/cpu/isa/isa.cpp says
// why).
#pragma once
#include <cstdint>

namespace tenon::kernels {

/// Result and operand have the same dtype. Floating point, except neg and abs, which also take int64.
enum class Unary : std::uint8_t {
  neg,
  abs,
  sqrt,
  exp,
  log,
  sin,
  cos,
  tanh,
  sigmoid,
  relu,
  sign,    // -1, 0 or 1; NaN stays NaN
  square,  // x * x
  cube,    // (x * x) * x
  reciprocal,
  root,  // pow(x, 0.5): sqrt, but +0 at -0 and +infinity at -infinity
};
inline constexpr const char* unary_names[] = {"neg", "abs", "sqrt", "exp", "log", "sin", "cos", "tanh",
    "sigmoid", "relu", "sign", "square", "cube", "reciprocal", "root"};
inline constexpr int unary_count = sizeof unary_names / sizeof *unary_names;

/// Result and operands have the same dtype. add, sub, mul, maximum and minimum also take int64; the others
/// are for floating point.
enum class Binary : std::uint8_t {
  add,
  sub,
  mul,
  div,
  maximum,
  minimum,
  pow,                  // C's; docs/numerics.md
  squared_difference,   // d * d, d = a - b
  absolute_difference,  // |a - b|
  // gradients: a is the upstream gradient
  relu_backward,     // b <= 0 ? +0 : a
  tanh_backward,     // a * (1 - b * b), b = tanh(x);    fma(-b, b, 1)
  sigmoid_backward,  // a * ((1 - b) * b), b = sigmoid(x)
  abs_backward,      // a * sign(b)
};
inline constexpr const char* binary_names[] = {"add", "sub", "mul", "div", "maximum", "minimum", "pow",
    "squared_difference", "absolute_difference", "relu_backward", "tanh_backward", "sigmoid_backward",
    "abs_backward"};
inline constexpr int binary_count = sizeof binary_names / sizeof *binary_names;

/// Operands have `dtype` (any); the result is boolean, one byte an element, 0 or 1.
enum class Compare : std::uint8_t { eq, ne, lt, le, gt, ge };
inline constexpr const char* compare_names[] = {"eq", "ne", "lt", "le", "gt", "ge"};
inline constexpr int compare_count = sizeof compare_names / sizeof *compare_names;

/// What a reduction adds up.
enum class Reduce : std::uint8_t {
  sum,                  // a
  product,              // a * b, by fma
  squared_difference,   // d * d, d = a - b, by fma
  absolute_difference,  // |a - b|
};
inline constexpr int reduce_count = 4;

}  // namespace tenon::kernels
