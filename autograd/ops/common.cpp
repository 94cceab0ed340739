#include <tenon/autograd/ops/common.h>

#include <cmath>

#include <tenon/kernels/fill.h>

namespace tenon::autograd {

void fail_different_kinds(const char* op, const Tensor& a, const Tensor& b) {
  check(a.dtype() == b.dtype(), "{}: dtypes differ; {} and {}; convert one with to(dtype)", op, a.dtype(),
      b.dtype());
  check(a.device() == b.device(), "{}: devices differ; {} and {}", op, a.device(), b.device());
  fail("{}: the operands were made on different streams", op);
}

void check_scalar(const char* op, const Tensor& a, double scalar) {
  visit_number(op, a.dtype(), [&]<class T>(std::type_identity<T>) {
    if constexpr (!is_floating_point(dtype_of<T>))
      // A double of 2^53 may have been rounded from 2^53 + 1.
      check(scalar == std::trunc(scalar) && std::abs(scalar) < 0x1p53,
          "{}: {} is not a whole number that an int64 tensor can hold exactly", op, scalar);
  });
}

Tensor number_beside(const Tensor& a, double number) {
  if (a.dtype() == DType::boolean) check(number == 0 || number == 1, "{}: {} is not a boolean", "", number);
  else check_scalar("", a, number);
  Tensor out = new_tensor({}, a.dtype(), a.stream());
  kernels::copy(a.stream(), a.dtype(), a.dtype(), out.shape(), out.raw(), number);
  return out;
}

Tensor positions_beside(const Tensor& a, std::int64_t count, std::int64_t start, std::int64_t step) {
  Tensor out = new_tensor({count}, DType::int64, a.stream());
  kernels::arange(
      a.stream(), DType::int64, count, out.raw(), static_cast<double>(start), static_cast<double>(step));
  return out;
}

Tensor unary(arith::UnaryOp op, const Tensor& a, kernels::Parameters parameters) {
  Tensor out = new_tensor(a.shape(), a.dtype(), a.stream());
  kernels::unary(a.stream(), op, a.dtype(), a.shape(), out.raw(), Operand("", a, a.shape()), parameters);
  return out;
}

Tensor binary(arith::BinaryOp op, const Tensor& a, const Tensor& b, kernels::Parameters parameters) {
  check_same_kind("", a, b);
  Tensor out = new_tensor(
      a.shape() == b.shape() ? a.shape() : broadcast_shapes("", a.shape(), b.shape()), a.dtype(), a.stream());
  kernels::binary(a.stream(), op, a.dtype(), out.shape(), out.raw(), Operand("", a, out.shape()),
      Operand("", b, out.shape()), parameters);
  return out;
}

Tensor binary(arith::BinaryOp op, const Tensor& a, double b) {
  Tensor out = new_tensor(a.shape(), a.dtype(), a.stream());
  kernels::binary(a.stream(), op, a.dtype(), a.shape(), out.raw(), Operand("", a, a.shape()), b);
  return out;
}

Tensor binary(arith::BinaryOp op, double a, const Tensor& b) {
  Tensor out = new_tensor(b.shape(), b.dtype(), b.stream());
  kernels::binary(b.stream(), op, b.dtype(), b.shape(), out.raw(), a, Operand("", b, b.shape()));
  return out;
}

Tensor ternary(
    arith::TernaryOp op, const Tensor& a, const Tensor& b, const Tensor& c, kernels::Parameters parameters) {
  check_same_kind("", a, b);
  check_same_kind("", a, c);
  const Shape shape = broadcast_shapes("", broadcast_shapes("", a.shape(), b.shape()), c.shape());
  Tensor out = new_tensor(shape, a.dtype(), a.stream());
  kernels::ternary(a.stream(), op, a.dtype(), shape, out.raw(), Operand("", a, shape), Operand("", b, shape),
      Operand("", c, shape), parameters);
  return out;
}

Tensor copy(const Tensor& a, DType dtype) {
  Tensor out = new_tensor(a.shape(), dtype, a.stream());
  kernels::copy(a.stream(), dtype, a.dtype(), a.shape(), out.raw(), Operand("copy", a, a.shape()));
  return out;
}

}  // namespace tenon::autograd
