#include <tenon/kernels/cuda/elementwise.cuh>

namespace tenon::kernels::cuda {

void ternary(Stream stream, arith::TernaryOp op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a, const Operand& b, const Operand& c, Parameters parameters) {
  visit_any(dtype, [&]<class T>(std::type_identity<T>) {
    arith::TernaryOps::visit(op.index, [&]<class Op>() {
      if constexpr (arith::takes<Op, T>)
        map<T, T, T, T>(Op::name, stream, shape, out, arith::bind<Op, T>(parameters), a, b, c);
    });
  });
}

}  // namespace tenon::kernels::cuda
