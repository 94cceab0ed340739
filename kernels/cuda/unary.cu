#include <tenon/kernels/cuda/unary.cuh>

namespace tenon::kernels::cuda {

void unary(Stream stream, arith::UnaryOp op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a, Parameters parameters) {
  visit_any(
      dtype, [&]<class T>(std::type_identity<T>) { unary_of<T>(stream, op, shape, out, a, parameters); });
}

}  // namespace tenon::kernels::cuda
