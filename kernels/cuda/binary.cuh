// The binary operations on elements of one type. Each floating-point type has a source of its own, because
// they take long to compile.
#pragma once
#include <tenon/kernels/cuda/elementwise.cuh>

namespace tenon::kernels::cuda {

template <class T>
void binary_of(Stream stream, arith::BinaryOp op, const Shape& shape, const Result& out, const Operand& a,
    const Operand& b, Parameters parameters) {
  arith::BinaryOps::visit(op.index, [&]<class Op>() {
    if constexpr (arith::takes<Op, T>)
      map<T, T, T>(Op::name, stream, shape, out, arith::bind<Op, T>(parameters), a, b);
  });
}

extern template void binary_of<float>(
    Stream, arith::BinaryOp, const Shape&, const Result&, const Operand&, const Operand&, Parameters);
extern template void binary_of<double>(
    Stream, arith::BinaryOp, const Shape&, const Result&, const Operand&, const Operand&, Parameters);

}  // namespace tenon::kernels::cuda
