#include <tenon/kernels/cuda/binary.cuh>

namespace tenon::kernels::cuda {

template void binary_of<double>(
    Stream, arith::BinaryOp, const Shape&, const Result&, const Operand&, const Operand&, Parameters);

}  // namespace tenon::kernels::cuda
