// kernels/arith/split.h: the pieces of a float32, and a model of a product of them on tensor cores, whose
// error is compared with that of CHAIN.
#include <tenon/kernels/arith/order.h>
#include <tenon/kernels/arith/split.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "../support/split_product.h"
#include "support.h"

namespace {

using namespace tenon;

double sum_of(const arith::Pieces& p) {
  return double{arith::float_of_bfloat16(p.hi)} + double{arith::float_of_bfloat16(p.mid)} +
         double{arith::float_of_bfloat16(p.lo)};
}

using Values = std::vector<float>;  // [k]

float by_chain(const Values& a, const Values& b) {
  float total = 0, chain = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    chain = std::fma(a[k], b[k], chain);
    if ((k + 1) % arith::chain_chunk == 0 || k + 1 == a.size()) {
      total += chain;
      chain = 0;
    }
  }
  return total;
}

/// The largest error of any element, relative to the sum of |a b|, in units of 2^-24: {pieces, chain}.
template <class Distribution>
std::pair<double, double> errors(Distribution distribution) {
  constexpr std::size_t k = 4096, size = 24;
  std::mt19937 random(1);
  std::vector<Values> a(size, Values(k)), b(size, Values(k));
  for (auto* operand : {&a, &b})
    for (Values& row : *operand)
      for (float& x : row) x = distribution(random);
  double pieces = 0, chain = 0;
  for (const Values& row : a)
    for (const Values& column : b) {
      double exact = 0, size_of = 0;
      for (std::size_t i = 0; i < k; ++i) {
        exact += double{row[i]} * column[i];
        size_of += std::abs(double{row[i]} * column[i]);
      }
      const double unit = std::ldexp(size_of, -24);
      pieces = std::max(pieces, std::abs(test::product_of_pieces(row, column) - exact) / unit);
      chain = std::max(chain, std::abs(by_chain(row, column) - exact) / unit);
    }
  return {pieces, chain};
}

}  // namespace

TEST_CASE("split: three bfloat16 pieces add up to a float32", "[kernels][split][one_thread]") {
  std::mt19937 random(2);
  for (int i = 0; i < 100000; ++i) {
    const float x = std::ldexp(1 + std::ldexp(static_cast<float>(random() >> 9), -23),
                        static_cast<int>(random() % 230) - 102) *
                    (random() % 2 ? 1.0f : -1.0f);
    if (sum_of(arith::split(x)) != double{x}) FAIL(x);
  }
  const float most = std::numeric_limits<float>::max();  // its nearest bfloat16 is infinite
  for (const float x : {0.0f, most, -most, std::nextafter(most, 0.0f), 1.0f + 0x1p-23f, 0x1p-109f})
    CHECK(sum_of(arith::split(x)) == double{x});
}

TEST_CASE("split: infinities, NaNs and the largest numbers", "[kernels][split][one_thread]") {
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(sum_of(arith::split(infinity)) == infinity);
  CHECK(sum_of(arith::split(-infinity)) == -infinity);
  for (const std::uint32_t bits : {0x7fc00000u, 0x7f800001u, 0xffc00001u}) {
    float nan;
    __builtin_memcpy(&nan, &bits, sizeof nan);
    CHECK(std::isnan(sum_of(arith::split(nan))));
  }
  CHECK(test::product_of_pieces({infinity, 1}, {1, 1}) == infinity);
  CHECK(test::product_of_pieces({infinity, 1}, {-1, 1}) == -infinity);
  CHECK(std::isnan(test::product_of_pieces({infinity, 1}, {0, 1})));
  const float most = std::numeric_limits<float>::max();
  CHECK(test::product_of_pieces({most}, {1}) == most);
  CHECK(test::product_of_pieces({most, most}, {1, 1}) == infinity);
}

TEST_CASE("split: a product of pieces is about as accurate as CHAIN", "[kernels][split][one_thread]") {
  const auto normal = errors(std::normal_distribution<float>());
  const auto uniform = errors(std::uniform_real_distribution<float>());
  CAPTURE(normal.first, normal.second, uniform.first, uniform.second);
  CHECK(normal.first < normal.second);
  CHECK(uniform.first < 1.5 * uniform.second);
}
