// The matrix product on a GPU against cuBLAS, which adds in a different order: results may differ by no more
// than rounding can explain.
#include <cublas_v2.h>

#include <cmath>
#include <limits>
#include <vector>

#include <tenon/core/cuda/backend.h>
#include <tenon/tenon.h>

#include "../../support/catch.h"
#include "../../support/device.h"

using namespace tenon;
using test::device;

namespace {

class Handle {
 public:
  explicit Handle(Stream stream) {
    const cuda::DeviceGuard guard(stream.device());
    REQUIRE(cublasCreate(&handle_) == CUBLAS_STATUS_SUCCESS);
    REQUIRE(
        cublasSetStream(handle_, static_cast<cudaStream_t>(stream.native_handle())) == CUBLAS_STATUS_SUCCESS);
    REQUIRE(cublasSetMathMode(handle_, CUBLAS_PEDANTIC_MATH) == CUBLAS_STATUS_SUCCESS);
  }
  ~Handle() { cublasDestroy(handle_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator cublasHandle_t() const { return handle_; }

 private:
  cublasHandle_t handle_ = nullptr;
};

cublasStatus_t gemm(cublasHandle_t handle, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k,
    const float* a, int lda, const float* b, int ldb, float* c, int ldc) {
  const float one = 1, zero = 0;
  return cublasSgemm(handle, ta, tb, m, n, k, &one, a, lda, b, ldb, &zero, c, ldc);
}
cublasStatus_t gemm(cublasHandle_t handle, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k,
    const double* a, int lda, const double* b, int ldb, double* c, int ldc) {
  const double one = 1, zero = 0;
  return cublasDgemm(handle, ta, tb, m, n, k, &one, a, lda, b, ldb, &zero, c, ldc);
}

/// A B by cuBLAS, where `a` holds A, or its transpose if `ta`, and `b` likewise. cuBLAS is column-major, so
/// it sees every row-major matrix transposed: it computes B^T A^T.
template <class T>
Tensor by_cublas(
    cublasHandle_t handle, int m, int k, int n, const Tensor& a, bool ta, const Tensor& b, bool tb) {
  const Tensor c = full({m, n}, std::numeric_limits<double>::quiet_NaN(), a.options());
  REQUIRE(gemm(handle, tb ? CUBLAS_OP_T : CUBLAS_OP_N, ta ? CUBLAS_OP_T : CUBLAS_OP_N, n, m, k, b.ptr<T>(),
              tb ? k : n, a.ptr<T>(), ta ? m : k, c.ptr<T>(), n) == CUBLAS_STATUS_SUCCESS);
  return c.to(Device::cpu());
}

/// |A| |B|
template <class T>
std::vector<double> magnitudes(int m, int k, int n, const Tensor& a, const Tensor& b) {
  std::vector<double> sums(static_cast<std::size_t>(m) * static_cast<std::size_t>(n));
  for (int i = 0; i < m; ++i)
    for (int q = 0; q < k; ++q) {
      const double x = std::abs(static_cast<double>(a.ptr<T>()[i * k + q]));
      for (int j = 0; j < n; ++j)
        sums[static_cast<std::size_t>(i * n + j)] += x * std::abs(static_cast<double>(b.ptr<T>()[q * n + j]));
    }
  return sums;
}

struct Size {
  int m, k, n;
};
// The last two have enough 64 x 128 tiles for the 132 multiprocessors of an H100; the others use smaller
// tiles.
const Size sizes[] = {{1, 1, 1}, {5, 200, 1}, {1, 300, 40}, {7, 1, 3}, {17, 33, 65}, {64, 64, 64},
    {12, 3, 65}, {129, 513, 130}, {200, 1025, 71}, {36, 5000, 48}, {2001, 70, 1603}, {1920, 520, 1792}};

template <class T>
void against_cublas() {
  if (!test::on_gpu()) return test::skip("no GPU");
  const NoGradGuard no_grad;
  const Handle handle(Stream::current(device()));
  Generator generator(11);
  for (const auto [m, k, n] : sizes) {
    const Tensor a = randn({m, k}, generator, {.dtype = dtype_of<T>}),
                 b = randn({k, n}, generator, {.dtype = dtype_of<T>});
    const std::vector<double> sums = magnitudes<T>(m, k, n, a, b);
    // In any order, each result is within k roundings, plus one per chunk of 512, of half an epsilon each:
    // together (k + ...) epsilon. The rest covers second-order terms and the rounding of `sums`.
    const double bound = 1.01 * (k + k / 512 + 2) * static_cast<double>(std::numeric_limits<T>::epsilon());
    for (const bool ta : {false, true})
      for (const bool tb : {false, true}) {
        CAPTURE(m, k, n, ta, tb);
        const Tensor left = (ta ? a.t().contiguous() : a).to(device()),
                     right = (tb ? b.t().contiguous() : b).to(device());
        const Tensor found = matmul(ta ? left.t() : left, tb ? right.t() : right).to(Device::cpu()),
                     expected = by_cublas<T>(handle, m, k, n, left, ta, right, tb);
        REQUIRE(found.shape() == Shape{m, n});
        double worst = 0;  // at most 1; NaN is kept
        for (std::size_t i = 0; i < sums.size(); ++i) {
          const double difference = std::abs(static_cast<double>(found.ptr<T>()[i]) - expected.ptr<T>()[i]);
          const double share = difference == 0 ? 0 : difference / (bound * sums[i]);
          if (!(share <= worst)) worst = share;
        }
        REQUIRE(worst <= 1);
      }
  }
}

}  // namespace

TEST_CASE("cublas: float32 matmul is cuBLAS's, up to rounding") { against_cublas<float>(); }
TEST_CASE("cublas: float64 matmul is cuBLAS's, up to rounding") { against_cublas<double>(); }
