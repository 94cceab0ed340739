#include <tenon/kernels/cuda/elementwise.cuh>

namespace tenon::kernels::cuda {

void compare(Stream stream, arith::CompareOp op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a, const Operand& b) {
  visit_any(dtype, [&]<class T>(std::type_identity<T>) {
    arith::CompareOps::visit(op.index, [&]<class Op>() {
      map<std::uint8_t, Stored<T>, Stored<T>>(Op::name, stream, shape, out, Op(), a, b);
    });
  });
}

void where(Stream stream, DType dtype, const Shape& shape, const Result& out, const Operand& condition,
    const Operand& a, const Operand& b) {
  visit_any(dtype, [&]<class T>(std::type_identity<T>) {
    map<Stored<T>, std::uint8_t, Stored<T>, Stored<T>>(
        "where", stream, shape, out, arith::Where(), condition, a, b);
  });
}

}  // namespace tenon::kernels::cuda
