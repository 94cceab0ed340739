#include <tenon/kernels/matmul.h>

#include <algorithm>
#include <vector>

#include <tenon/core/parallel.h>
#include <tenon/kernels/cpu/dispatch.h>
#include <tenon/kernels/reduce.h>

namespace tenon::kernels::cpu {
namespace {

constexpr arith::ReduceOp products = arith::SumOfProducts();

// The minimum number of multiply-adds per thread.
constexpr std::int64_t grain = std::int64_t{1} << 19;

/// C[m, 1] in order R: a reduction of products per row.
template <class T>
void product_rows(Stream stream, T* out, const Matrix& a, const Matrix& b) {
  const auto* x = static_cast<const T*>(a.data);
  const auto* y = static_cast<const T*>(b.data);
  if (a.col_stride == 1 && b.row_stride == 1 && a.rows * a.cols <= 32768) {
    cpu_table().of<T>().reduce[products.index].rows(a.rows, a.cols, x, a.row_stride, y, 0, out, scratch);
    return;
  }
  const OneColumn of(a, b);
  cpu::reduce(stream, products, dtype_of<T>, of.shape, of.reduced, out, {x, of.left}, {y, of.right}, 1);
}

/// Order CHAIN; the longer side of C is split over threads.
template <class T>
void chain(T* out, const Matrix& a, const Matrix& b, const T* bias) {
  const auto* x = static_cast<const T*>(a.data);
  const auto* y = static_cast<const T*>(b.data);
  const std::int64_t m = a.rows, n = b.cols, k = a.cols;
  const auto part = [&](std::int64_t i, std::int64_t rows, std::int64_t j, std::int64_t cols) {
    cpu_table().of<T>().matmul.chain(rows, cols, k, x + i * a.row_stride, a.row_stride, a.col_stride,
        y + j * b.col_stride, b.row_stride, b.col_stride, out + i * n + j, n, bias ? bias + j : nullptr,
        scratch);
  };
  const std::int64_t work = m * n * k;
  if (work < 2 * grain) return part(0, m, 0, n);
  const bool by_rows = m > n;
  const std::int64_t block = by_rows ? 12 : 32;  // whole tiles of every instruction set
  const std::int64_t side = by_rows ? m : n, blocks = (side + block - 1) / block;
  parallel_for(blocks, std::max<std::int64_t>(1, grain / (work / blocks + 1)),
      [&](std::int64_t begin, std::int64_t end) {
        const std::int64_t from = begin * block, count = std::min(side, end * block) - from;
        if (by_rows) part(from, count, 0, n);
        else part(0, m, from, count);
      });
}

/// A few columns of a large transposed A, whose memory is read in order if it is the wide operand: as
/// (B^T A^T)^T, which is valid because fma(x, y, z) equals fma(y, x, z).
template <class T>
void few_columns(T* out, const Matrix& a, const Matrix& b, const T* bias) {
  const std::int64_t m = a.rows, n = b.cols;
  std::vector<T> turned(static_cast<std::size_t>(n * m));  // [n, m]
  chain<T>(turned.data(), b.transposed(), a.transposed(), nullptr);
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      const T x = turned[static_cast<std::size_t>(j * m + i)];
      out[i * n + j] = bias ? x + bias[j] : x;
    }
}

template <class T>
void matmul_of(Stream stream, T* out, const Matrix& a, const Matrix& b, const T* bias) {
  const bool turned = a.row_stride == 1 && a.col_stride != 1;
  if (turned && b.cols > 1 && b.cols <= 16 && a.rows >= 256 && a.rows * a.cols > 256 * 1024)
    return few_columns(out, a, b, bias);
  if (b.cols != 1) return chain(out, a, b, bias);
  // One column: use A as the wide operand, as above.
  if (a.cols > arith::longest_chain_of_a_column) product_rows(stream, out, a, b);
  else chain<T>(out, b.transposed(), a.transposed(), nullptr);
  if (bias)
    for (std::int64_t i = 0; i < a.rows; ++i) out[i] = out[i] + *bias;
}

/// The products of a batch, each as it is alone; out is [batch, m, n].
template <class T>
void batch_of(Stream stream, T* out, const Matrix& a, const Matrix& b, const T* bias, const Batch& batch) {
  const auto* x = static_cast<const T*>(a.data);
  const auto* y = static_cast<const T*>(b.data);
  const std::int64_t count = batch.count();
  if (b.cols == 1 && a.cols > arith::longest_chain_of_a_column) {
    const OneColumn of(a, b, batch);
    cpu::reduce(stream, products, dtype_of<T>, of.shape, of.reduced, out, {x, of.left}, {y, of.right}, 1);
    if (bias)
      for (std::int64_t i = 0; i < count * a.rows; ++i) out[i] = out[i] + *bias;
    return;
  }
  const auto part = [&](std::int64_t begin, std::int64_t end) {
    Position<2> at(batch, batch.rank, begin);
    for (std::int64_t i = begin; i < end; ++i, at.advance(batch, batch.rank, 1)) {
      Matrix one_a = a, one_b = b;
      one_a.data = x + at.offset[0];
      one_b.data = y + at.offset[1];
      matmul_of(stream, out + i * a.rows * b.cols, one_a, one_b, bias);
    }
  };
  // Threads share a batch of many or of small products; few large ones are each split over all threads.
  const std::int64_t work = a.rows * a.cols * b.cols;
  if (work >= 2 * grain && count < 4 * num_threads()) part(0, count);
  else parallel_for(count, grain / (work + 1) + 1, part);
}

}  // namespace

void matmul(Stream stream, DType dtype, void* out, const Matrix& a, const Matrix& b, const void* bias,
    const Batch& batch) {
  visit_floating("matmul", dtype, [&]<class T>(std::type_identity<T>) {
    if (a.rows == 0 || b.cols == 0) return;
    if (batch.rank == 0) return matmul_of(stream, static_cast<T*>(out), a, b, static_cast<const T*>(bias));
    if (batch.count() > 0) batch_of(stream, static_cast<T*>(out), a, b, static_cast<const T*>(bias), batch);
  });
}

}  // namespace tenon::kernels::cpu
