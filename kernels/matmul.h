// The matrix product, in the order of docs/numerics.md section 2.
#pragma once
#include <tenon/kernels/dims.h>
#include <tenon/kernels/operand.h>

namespace tenon::kernels {

/// The dimensions of a batch of products, at most max_rank - 2, with the distances between neighbouring
/// matrices of a and of b: 0 for a matrix that several products share. Without dimensions it is one product.
using Batch = Dims<2>;

/// out[m, n] = a[m, k] b[k, n] (+ bias[n], one addition after the product), out dense row-major. float32 or
/// float64. Sizes may be zero (k = 0 gives +0). `bias` has n consecutive elements or is null. With a batch,
/// `a` and `b` are the matrices of the first product, out is [batch, m, n], and every product has the bits
/// that it has alone.
void matmul(Stream stream, DType dtype, void* out, const Matrix& a, const Matrix& b,
    const void* bias = nullptr, const Batch& batch = {});

/// Products with one column, b[k, 1], as a reduction over the last dimension.
struct OneColumn {
  Shape shape;  // [batch, m, k]
  Strides left, right;
  std::uint32_t reduced;

  OneColumn(const Matrix& a, const Matrix& b, const Batch& batch = {}) : reduced(1u << (batch.rank + 1)) {
    const auto push = [this](std::int64_t size, std::int64_t step_of_a, std::int64_t step_of_b) {
      shape.push_back(size);
      left.push_back(step_of_a);
      right.push_back(step_of_b);
    };
    for (int d = 0; d < batch.rank; ++d) push(batch.size[d], batch.stride[0][d], batch.stride[1][d]);
    push(a.rows, a.row_stride, 0);
    push(a.cols, a.col_stride, b.row_stride);
  }
};

// The implementations per device.
namespace cpu {
decltype(kernels::matmul) matmul;
}
namespace cuda {
decltype(kernels::matmul) matmul;
}

}  // namespace tenon::kernels
