// Every kernel for matrix products gives the bits of the CPU, whatever the shape and the layout.
#include <iterator>
#include <thread>

#include "../support/catch.h"

#include <tenon/tenon.h>

#include "../support/device.h"

using namespace tenon;
using cuda::MatmulKernel, cuda::MatmulKernelGuard;
using test::device;

namespace {

/// A matrix [rows, cols] with its neighbours in memory in rows or columns, the first of them not aligned to
/// 16 bytes if `shifted`, and then one element apart.
Tensor matrix(std::int64_t rows, std::int64_t cols, bool transposed, bool shifted, DType dtype) {
  const std::int64_t r = transposed ? cols : rows, c = transposed ? rows : cols;
  Tensor stored =
      shifted ? randn({r, 2 * c + 3}, {.dtype = dtype}).slice(1, {.start = 1, .stop = 2 * c + 1, .step = 2})
              : randn({r, c}, {.dtype = dtype});
  return transposed ? stored.t() : stored;
}

void compare(const Tensor& a, const Tensor& b, const Tensor& bias = {}) {
  const auto product = [](const Tensor& x, const Tensor& y, const Tensor& z) {
    return z.defined() ? linear(x, y.t(), z) : matmul(x, y);
  };
  const Tensor expected = product(a, b, bias);
  const Tensor left = a.to(device()), right = b.to(device()),
               added = bias.defined() ? bias.to(device()) : bias;
  REQUIRE(bitwise_equal(product(left, right, added), expected));
}

template <class F>
void for_each_kernel(const F& f) {
  for (int number = 1; number < static_cast<int>(std::size(cuda::matmul_kernel_names)); ++number) {
    INFO(cuda::matmul_kernel_names[number]);
    const MatmulKernelGuard guard(static_cast<MatmulKernel>(number));
    f();
  }
}

}  // namespace

TEST_CASE("matmul ladder: every kernel has the bits of the CPU") {
  manual_seed(3);
  // Ragged sizes, sizes of a tile and just beyond, one and several chunks of k, more tiles than run at once.
  const std::int64_t sizes[][3] = {{1, 3, 2}, {3, 0, 5}, {64, 8, 64}, {33, 40, 31}, {130, 17, 72},
      {20, 513, 36}, {64, 1030, 5}, {200, 20, 300}};
  int number = 0;
  for (const auto& [m, k, n] : sizes)
    for (const bool left : {false, true})
      for (const bool right : {false, true}) {
        const bool shifted = ++number % 3 == 0;
        if (!test::thorough && (left == right) == ((number - 1) / 4 % 2 == 0))
          continue;  // two of four per size
        const DType dtype = number % 4 == 0 ? DType::float64 : DType::float32;
        INFO(m << " x " << k << " x " << n << ", " << dtype << (left ? ", left" : "")
               << (right ? ", right" : "") << (shifted ? ", shifted" : ""));
        const Tensor a = matrix(m, k, left, shifted, dtype), b = matrix(k, n, right, shifted, dtype);
        const Tensor bias = number % 2 == 0 ? randn({n}, {.dtype = dtype}) : Tensor();
        for_each_kernel([&] { test::on_every_schedule([&] { compare(a, b, bias); }); });
      }
}

TEST_CASE("matmul ladder: batches") {
  manual_seed(4);
  const Tensor a = randn({3, 2, 33, 20}), b = randn({2, 20, 40});
  for_each_kernel([&] {
    compare(a, b);
    compare(a.transpose(-1, -2), randn({33, 34}));
    compare(a.to(DType::float64), b.to(DType::float64));
  });
}

TEST_CASE("matmul ladder: a guard ends with its scope, and is that of its thread") {
  REQUIRE(cuda::matmul_kernel() == MatmulKernel::automatic);
  {
    const MatmulKernelGuard outer(MatmulKernel::naive);
    {
      const MatmulKernelGuard inner(MatmulKernel::warp_tile);
      REQUIRE(cuda::matmul_kernel() == MatmulKernel::warp_tile);
    }
    REQUIRE(cuda::matmul_kernel() == MatmulKernel::naive);
    auto elsewhere = MatmulKernel::naive;
    std::thread([&] { elsewhere = cuda::matmul_kernel(); }).join();
    REQUIRE(elsewhere == MatmulKernel::automatic);
  }
  REQUIRE(cuda::matmul_kernel() == MatmulKernel::automatic);
}
