// The unary operations on elements of one type. Each floating-point type has a source of its own, because
// they take long to compile.
#pragma once
#include <tenon/kernels/cuda/elementwise.cuh>

namespace tenon::kernels::cuda {

template <class T>
void unary_of(Stream stream, arith::UnaryOp op, const Shape& shape, const Result& out, const Operand& a,
    Parameters parameters) {
  arith::UnaryOps::visit(op.index, [&]<class Op>() {
    if constexpr (arith::takes<Op, T>)
      map<T, T>(Op::name, stream, shape, out, arith::bind<Op, T>(parameters), a);
  });
}

extern template void unary_of<float>(
    Stream, arith::UnaryOp, const Shape&, const Result&, const Operand&, Parameters);
extern template void unary_of<double>(
    Stream, arith::UnaryOp, const Shape&, const Result&, const Operand&, Parameters);

}  // namespace tenon::kernels::cuda
