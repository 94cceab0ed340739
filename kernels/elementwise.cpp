#include <tenon/kernels/elementwise.h>

#include <tenon/kernels/check_dtype.h>
#include <tenon/kernels/on_device.h>

namespace tenon::kernels {
namespace {

template <class Ops>
void check_dtype(arith::OneOf<Ops> op, DType dtype) {
  constexpr auto takes_numbers = Ops::template map<bool>([]<class Op>() {
    static_assert(arith::takes<Op, float> && arith::takes<Op, double>,
        "an elementwise operation is defined for every floating-point type");
    return arith::takes<Op, std::int64_t>;
  });
  kernels::check_dtype(op.name(), takes_numbers[op.index], dtype);
}

}  // namespace

void unary(Stream stream, arith::UnaryOp op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a, Parameters parameters) {
  check_dtype(op, dtype);
  on_device<cpu::unary, cuda::unary>(stream, op, dtype, shape, out, a, parameters);
}

void binary(Stream stream, arith::BinaryOp op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a, const Operand& b, Parameters parameters) {
  check_dtype(op, dtype);
  on_device<cpu::binary, cuda::binary>(stream, op, dtype, shape, out, a, b, parameters);
}

void ternary(Stream stream, arith::TernaryOp op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a, const Operand& b, const Operand& c, Parameters parameters) {
  check_dtype(op, dtype);
  on_device<cpu::ternary, cuda::ternary>(stream, op, dtype, shape, out, a, b, c, parameters);
}

void compare(Stream stream, arith::CompareOp op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a, const Operand& b) {
  on_device<cpu::compare, cuda::compare>(stream, op, dtype, shape, out, a, b);
}

void where(Stream stream, DType dtype, const Shape& shape, const Result& out, const Operand& condition,
    const Operand& a, const Operand& b) {
  on_device<cpu::where, cuda::where>(stream, dtype, shape, out, condition, a, b);
}

void copy(Stream stream, DType to, DType from, const Shape& shape, const Result& out, const Operand& a) {
  if (a.is_immediate()) from = to;  // the number is converted once
  on_device<cpu::copy, cuda::copy>(stream, to, from, shape, out, a);
}

}  // namespace tenon::kernels
