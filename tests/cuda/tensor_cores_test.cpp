// Products of float32 on tensor cores (kernels/cuda/matmul/tensor_cores.cuh), with float32_matmul_precision
// "high" and "medium".
#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include "../support/catch.h"

#include <tenon/kernels/cuda/matmul/raster.h>
#include <tenon/tenon.h>

#include "../support/device.h"
#include "../support/split_product.h"

using namespace tenon;
using test::device;

namespace {

/// For a scope.
class Precision {
 public:
  explicit Precision(std::string_view precision) { set_float32_matmul_precision(precision); }
  ~Precision() { set_float32_matmul_precision("highest"); }
  Precision(const Precision&) = delete;
  Precision& operator=(const Precision&) = delete;
};

std::size_t launches() { return test::launches("matmul_tensor_cores", "").value_or(0); }

/// A view of [rows, cols], contiguous along either, with one element between neighbours if `apart`.
Tensor matrix(std::int64_t rows, std::int64_t cols, bool transposed, bool apart = false) {
  const std::int64_t r = transposed ? cols : rows, c = transposed ? rows : cols;
  const Tensor stored = apart ? randn({r, 2 * c}).slice(1, {.step = 2}) : randn({r, c});
  return transposed ? stored.t() : stored;
}

/// c = a[m, k] b[k, n] (+ bias[n]): on the emulator each element has the bits of the model; elsewhere it is
/// as near to the exact result as an order of summation allows.
void check_elements(const Tensor& c, const Tensor& a, const Tensor& b, int pieces, const Tensor& bias = {}) {
  const auto row_of = [](const Tensor& x, std::int64_t i) {
    const Tensor row = x.select(0, i).contiguous();
    const auto values = row.data<float>();
    return std::vector<float>(values.begin(), values.end());
  };
  REQUIRE(c.shape() == Shape{a.size(0), b.size(1)});
  for (std::int64_t i = 0; i < c.size(0); i += 5)
    for (std::int64_t j = i % 3; j < c.size(1); j += 3) {
      const auto left = row_of(a, i), right = row_of(b.t(), j);
      const float found = c[i][j].item<float>(), added = bias.defined() ? bias[j].item<float>() : 0;
      CAPTURE(i, j);
      if (!test::on_gpu()) {
        const float expected = test::product_of_pieces(left, right, pieces);
        REQUIRE(found == (bias.defined() ? expected + added : expected));
      } else {
        double exact = added, magnitude = std::abs(double{added});
        for (std::size_t k = 0; k < left.size(); ++k) {
          exact += double{left[k]} * right[k];
          magnitude += std::abs(double{left[k]} * right[k]);
        }
        REQUIRE(std::abs(found - exact) <= std::ldexp(magnitude, pieces == 3 ? -22 : -7));
      }
    }
}

void check_product(const Tensor& a, const Tensor& b, int pieces, const Tensor& bias = {}) {
  const Precision precision(pieces == 3 ? "high" : "medium");
  const Tensor x = a.to(device()), y = b.to(device());
  const std::size_t before = launches();
  const Tensor c = bias.defined() ? linear(x, y.t(), bias.to(device())) : matmul(x, y);
  if (!test::on_gpu()) REQUIRE(launches() == before + 1);
  check_elements(c.to(Device::cpu()), a, b, pieces, bias);
}

/// False: this GPU or this build computes all products in the one arithmetic.
bool has_tensor_cores() {
  if (!test::on_gpu()) return true;
  manual_seed(9);
  const Tensor a = randn({128, 400}).to(device()), b = randn({400, 128}).to(device());
  const Tensor exact = matmul(a, b);
  const Precision precision("high");
  return !bitwise_equal(matmul(a, b), exact);
}
constexpr const char* skip_reason = "built without TENON_TENSOR_CORES, or the GPU is not a Hopper";

}  // namespace

TEST_CASE("tensor cores: products have the bits of the model, or on a card its precision") {
  if (!has_tensor_cores()) return test::skip(skip_reason);
  manual_seed(7);
  struct {
    std::int64_t m, k, n;
    bool left, right, apart;
  } const cases[] = {{128, 128, 128, false, false, false}, {130, 200, 129, true, false, false},
      {129, 129, 256, false, true, true}, {128, 400, 131, true, true, false}};
  for (const auto& [m, k, n, left, right, apart] : cases) {
    if (!test::thorough && k != 200) continue;  // an emulated product takes seconds under a sanitizer
    INFO(m << " x " << k << " x " << n);
    const Tensor a = matrix(m, k, left, apart), b = matrix(k, n, right);
    test::on_every_schedule([&] { check_product(a, b, 3); });
    check_product(a, b, 1, randn({n}));
  }
}

TEST_CASE("tensor cores: batches") {
  if (!has_tensor_cores()) return test::skip(skip_reason);
  manual_seed(8);
  const Precision precision("high");
  const std::int64_t outer = test::thorough ? 2 : 1;
  const Tensor a = randn({outer, 2, 128, 130}), b = randn({130, 128}), c = randn({outer, 1, 130, 128});
  const Tensor shared = matmul(a.to(device()), b.to(device())).to(Device::cpu()),
               repeated = matmul(a.to(device()), c.to(device())).to(Device::cpu());
  for (std::int64_t i = 0; i < outer; ++i)
    for (std::int64_t j = 0; j < 2; ++j) {
      check_elements(shared[i][j], a[i][j], b, 3);
      check_elements(repeated[i][j], a[i][j], c[i][0], 3);
    }
}

TEST_CASE("tensor cores: infinities and NaNs stay in their rows and columns", "[values]") {
  if (!has_tensor_cores()) return test::skip(skip_reason);
  const Precision precision("high");
  const float infinity = std::numeric_limits<float>::infinity();
  const Tensor a = ones({128, 128}), b = ones({128, 128});
  a[3][5].fill_(infinity);
  a[4][127].fill_(-infinity);
  b[7][9].fill_(std::nanf(""));
  const Tensor c = matmul(a.to(device()), b.to(device())).to(Device::cpu());
  for (std::int64_t i = 0; i < 128; ++i)
    for (std::int64_t j = 0; j < 128; ++j) {
      const float found = c[i][j].item<float>();
      CAPTURE(i, j, found);
      if (j == 9) REQUIRE(std::isnan(found));
      else REQUIRE(found == (i == 3 ? infinity : i == 4 ? -infinity : 128.0f));
    }
}

TEST_CASE("tensor cores: only where the precision allows them, and only for large products") {
  if (test::on_gpu()) return test::skip("only the emulator counts launches");
  const auto used = [](std::int64_t m, std::int64_t k, std::int64_t n, DType dtype = DType::float32) {
    const std::size_t before = launches();
    const Tensor a = zeros({m, k}, {.dtype = dtype, .device = device()}),
                 b = zeros({k, n}, {.dtype = dtype, .device = device()});
    matmul(a, b);
    return launches() > before;
  };
  CHECK_FALSE(used(128, 128, 128));
  const Precision precision("high");
  CHECK(used(128, 128, 128));
  CHECK_FALSE(used(127, 128, 128));
  CHECK_FALSE(used(128, 127, 128));
  CHECK_FALSE(used(128, 128, 127));
  CHECK_FALSE(used(128, 128, 128, DType::float64));
  const cuda::MatmulKernelGuard guard(cuda::MatmulKernel::pipelined);
  CHECK_FALSE(used(128, 128, 128));
}

TEST_CASE("matmul: blocks compute every tile once") {
  for (const unsigned down : {1u, 7u, 8u, 9u, 17u})
    for (const unsigned across : {1u, 3u}) {
      std::vector<int> visits(down * across);
      for (unsigned number = 0; number < down * across; ++number) {
        const auto [row, column] = kernels::cuda::tile_in_raster(number, down, across);
        REQUIRE((row < down && column < across));
        REQUIRE(row / 8 == number / (8 * across));  // bands of 8 rows, one after the other
        ++visits[row * across + column];
      }
      CHECK(std::ranges::all_of(visits, [](int n) { return n == 1; }));
    }
}
