// OpenBLAS, for the matrix products. Its result is written to one tensor, made in advance.
#include <cblas.h>

#include "peers.h"

namespace bench {
namespace {

using tenon::Tensor;

/// A row-major matrix or the transpose of one, as BLAS describes it.
struct Operand {
  CBLAS_TRANSPOSE transpose;
  blasint leading;
};
Operand operand(const Tensor& matrix) {
  const bool transposed = is_transposed(matrix);
  return {transposed ? CblasTrans : CblasNoTrans,
      static_cast<blasint>(std::max<std::int64_t>(transposed ? matrix.size(0) : matrix.size(1), 1))};
}

void multiply(const Tensor& a, const Tensor& b, const Tensor& c) {
  const auto m = static_cast<blasint>(a.size(0)), k = static_cast<blasint>(a.size(1)),
             n = static_cast<blasint>(b.size(1));
  const Operand left = operand(a), right = operand(b);
  if (a.dtype() == tenon::DType::float64)
    cblas_dgemm(CblasRowMajor, left.transpose, right.transpose, m, n, k, 1, a.ptr<double>(), left.leading,
        b.ptr<double>(), right.leading, 0, c.ptr<double>(), n);
  else if (m == 1)  // the transpose of b times the row
    cblas_sgemv(CblasRowMajor, right.transpose == CblasTrans ? CblasNoTrans : CblasTrans,
        right.transpose == CblasTrans ? n : k, right.transpose == CblasTrans ? k : n, 1, b.ptr<float>(),
        right.leading, a.ptr<float>(), 1, 0, c.ptr<float>(), 1);
  else if (n == 1)
    cblas_sgemv(CblasRowMajor, left.transpose, left.transpose == CblasTrans ? k : m,
        left.transpose == CblasTrans ? m : k, 1, a.ptr<float>(), left.leading, b.ptr<float>(), 1, 0,
        c.ptr<float>(), 1);
  else
    cblas_sgemm(CblasRowMajor, left.transpose, right.transpose, m, n, k, 1, a.ptr<float>(), left.leading,
        b.ptr<float>(), right.leading, 0, c.ptr<float>(), n);
}

}  // namespace

const Library* openblas() {
  static const Library library = [] {
    const std::string config =
        openblas_get_config();  // "OpenBLAS 0.3.21 NO_LAPACKE ... SkylakeX MAX_THREADS=64"
    Library made{"OpenBLAS", config.substr(9), {}, [](int threads) { openblas_set_num_threads(threads); },
        "libopenblas"};
    const Make product = work([](const Tensors& in) {
      const Tensor c = tenon::zeros({in[0].size(0), in[1].size(1)}, {.dtype = in[0].dtype()});
      return [&in, c] {
        multiply(in[0], in[1], c);
        return c;
      };
    });
    add_products(made.cases, product);
    return made;
  }();
  return &library;
}

}  // namespace bench
