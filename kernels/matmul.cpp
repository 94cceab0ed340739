#include <tenon/kernels/matmul.h>

#include <tenon/kernels/on_device.h>

namespace tenon::kernels {
namespace {

/// Where neighbouring products share B and the rows of their A's follow each other, they are one product with
/// more rows: the bits of a row do not depend on the other rows.
void join_rows(Matrix& a, Batch& batch) {
  for (; batch.rank > 0 && batch.stride[1][batch.rank - 1] == 0; --batch.rank) {
    const std::int64_t size = batch.size[batch.rank - 1], step = batch.stride[0][batch.rank - 1];
    if (a.rows == 1) a.row_stride = step;
    else if (step != a.rows * a.row_stride) return;
    a.rows *= size;
  }
}

}  // namespace

void matmul(Stream stream, DType dtype, void* out, const Matrix& a, const Matrix& b, const void* bias,
    const Batch& batch) {
  if (batch.rank == 0) return on_device<cpu::matmul, cuda::matmul>(stream, dtype, out, a, b, bias, batch);
  Matrix all = a;
  Batch left = batch;
  join_rows(all, left);
  on_device<cpu::matmul, cuda::matmul>(stream, dtype, out, all, b, bias, left);
}

}  // namespace tenon::kernels
