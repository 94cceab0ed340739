#include <tenon/kernels/cuda/unary.cuh>

namespace tenon::kernels::cuda {

template void unary_of<float>(
    Stream, arith::UnaryOp, const Shape&, const Result&, const Operand&, Parameters);

}  // namespace tenon::kernels::cuda
