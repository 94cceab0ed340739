#include <tenon/kernels/cuda/elementwise.cuh>

namespace tenon::kernels::cuda {

void binary(Stream stream, arith::BinaryOp op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a, const Operand& b, Parameters parameters) {
  visit_any(dtype, [&]<class T>(std::type_identity<T>) {
    arith::BinaryOps::visit(op.index, [&]<class Op>() {
      if constexpr (arith::takes<Op, T>)
        map<T, T, T>(Op::name, stream, shape, out, arith::bind<Op, T>(parameters), a, b);
    });
  });
}

}  // namespace tenon::kernels::cuda
