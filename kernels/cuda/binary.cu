#include <tenon/kernels/cuda/binary.cuh>

namespace tenon::kernels::cuda {

void binary(Stream stream, arith::BinaryOp op, DType dtype, const Shape& shape, const Result& out,
    const Operand& a, const Operand& b, Parameters parameters) {
  visit_any(
      dtype, [&]<class T>(std::type_identity<T>) { binary_of<T>(stream, op, shape, out, a, b, parameters); });
}

}  // namespace tenon::kernels::cuda
