#include <tenon/kernels/cuda/elementwise.cuh>

namespace tenon::kernels::cuda {

void unary(Stream stream, arith::UnaryOp op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a, Parameters parameters) {
  visit_any(dtype, [&]<class T>(std::type_identity<T>) {
    arith::UnaryOps::visit(op.index, [&]<class Op>() {
      if constexpr (arith::takes<Op, T>)
        map<T, T>(Op::name, stream, shape, out, arith::bind<Op, T>(parameters), a);
    });
  });
}

}  // namespace tenon::kernels::cuda
