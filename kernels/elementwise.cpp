#include <tenon/kernels/elementwise.h>

#include <tenon/kernels/on_device.h>

namespace tenon::kernels {
namespace {

/// The dtypes that each operation of a list supports.
template <class Ops>
class Taken {
 public:
  constexpr Taken() {
    Ops::for_each([this]<class Op>() {
      number_[Ops::template index_of<Op>()] = arith::takes<Op, std::int64_t>;
      name_[Ops::template index_of<Op>()] = Op::name;
      static_assert(arith::takes<Op, float> && arith::takes<Op, double>,
          "an elementwise operation is defined for every floating-point type");
    });
  }
  void check_dtype(arith::OneOf<Ops> op, DType dtype) const {
    const auto any = [](auto) {};
    if (is_floating_point(dtype)) return;
    if (number_[op.index]) visit_number(name_[op.index], dtype, any);
    else visit_floating(name_[op.index], dtype, any);
  }

 private:
  bool number_[Ops::size]{};
  const char* name_[Ops::size]{};
};

constexpr Taken<arith::UnaryOps> unary_dtypes;
constexpr Taken<arith::BinaryOps> binary_dtypes;
constexpr Taken<arith::TernaryOps> ternary_dtypes;

}  // namespace

void unary(Stream stream, arith::UnaryOp op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a, Parameters parameters) {
  unary_dtypes.check_dtype(op, dtype);
  on_device<cpu::unary, cuda::unary>(stream, op, dtype, shape, out, a, parameters);
}

void binary(Stream stream, arith::BinaryOp op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a, const Operand& b, Parameters parameters) {
  binary_dtypes.check_dtype(op, dtype);
  on_device<cpu::binary, cuda::binary>(stream, op, dtype, shape, out, a, b, parameters);
}

void ternary(Stream stream, arith::TernaryOp op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a, const Operand& b, const Operand& c, Parameters parameters) {
  ternary_dtypes.check_dtype(op, dtype);
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
