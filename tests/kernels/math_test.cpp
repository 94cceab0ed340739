// Errors of kernels/arith/math.h in ulp of the result, against long double and the bounds of
// docs/numerics.md; special values.
#include <tenon/kernels/arith/math.h>

#include <tenon/kernels/arith/philox.h>
#include <tenon/kernels/elementwise.h>

#include "support.h"

namespace {

using namespace tenon;

using test::ulps;

/// The largest error over bit patterns from `from` to `to` in steps of `step`.
template <class F, class G>
double worst(float from, float to, std::uint32_t step, const F& f, const G& g) {
  double result = 0;
  for (std::uint64_t b = num::bits(from); b <= num::bits(to); b += step) {
    const float x = num::real(static_cast<std::uint32_t>(b));
    const double error = ulps(f(x), g(static_cast<long double>(x)));
    if (!(error <= result)) result = error;
  }
  return result;
}

constexpr float largest = std::numeric_limits<float>::max(), least = std::numeric_limits<float>::denorm_min();
constexpr float inf = std::numeric_limits<float>::infinity(),
                not_a_number = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("math: errors stay within their bounds", "[kernels][math]") {
  const auto sine = [](long double x) { return std::sin(x); };
  const auto cosine = [](long double x) { return std::cos(x); };
  CHECK(worst(
            least, largest, 4099, [](float x) { return num::log(x); },
            [](long double x) { return std::log(x); }) <= 0.95);
  CHECK(worst(
            0.5f, 2.0f, 61, [](float x) { return num::log(x); }, [](long double x) { return std::log(x); }) <=
        0.95);
  CHECK(worst(
            0.0f, 88.5f, 2503, [](float x) { return num::exp(x); },
            [](long double x) { return std::exp(x); }) <= 0.9);
  CHECK(worst(
            -0.0f, -104.0f, 2503, [](float x) { return num::exp(x); },
            [](long double x) { return std::exp(x); }) <= 0.9);
  CHECK(worst(
            0.0f, 10.0f, 2503, [](float x) { return num::tanh(x); },
            [](long double x) { return std::tanh(x); }) <= 1.9);
  CHECK(worst(
            0.2f, 2.0f, 61, [](float x) { return num::tanh(x); },
            [](long double x) { return std::tanh(x); }) <= 1.9);
  CHECK(worst(
            -0.0f, -103.0f, 2503, [](float x) { return num::sigmoid(x); },
            [](long double x) { return 1 / (1 + std::exp(-x)); }) <= 2.5);
  CHECK(worst(
            0.0f, 20.0f, 2503, [](float x) { return num::sigmoid(x); },
            [](long double x) { return 1 / (1 + std::exp(-x)); }) <= 2.5);
  CHECK(worst(
            0.0f, largest, 4099, [](float x) { return num::sin(x); }, sine) <= 1.5);
  CHECK(worst(
            0.0f, largest, 4099, [](float x) { return num::cos(x); }, cosine) <= 1.5);
  CHECK(worst(
            1.0f, 8.0f, 61, [](float x) { return num::sin(x); }, sine) <= 1.5);
  CHECK(worst(
            1.0f, 8.0f, 61, [](float x) { return num::cos(x); }, cosine) <= 1.5);
  CHECK(worst(
            30000.0f, 200000.0f, 61, [](float x) { return num::sin(x); }, sine) <= 1.5);
  CHECK(worst(
            1e30f, 2e30f, 61, [](float x) { return num::cos(x); }, cosine) <= 1.5);
}

TEST_CASE("math: sin and cos of the angles of Box-Muller", "[kernels][math]") {
  double sin_error = 0, cos_error = 0, log_error = 0;
  const long double tau = 6.28318530717958647692528676655900577L;
  for (std::uint32_t k = 1; k < 1u << 24; k += 37) {
    const float u = static_cast<float>(k) * 0x1p-24f;
    const num::Pair<float> r = num::cos_sin_turns(u);
    cos_error = std::max(cos_error, ulps(r.first, std::cos(tau * u)));
    sin_error = std::max(sin_error, ulps(r.second, std::sin(tau * u)));
    log_error = std::max(log_error, ulps(num::log(u), std::log(static_cast<long double>(u))));
  }
  CHECK(cos_error <= 1.0);
  CHECK(sin_error <= 1.0);
  CHECK(log_error <= 0.95);
  for (const auto& [u, c, s] :
      {std::tuple{0.0f, 1.0f, 0.0f}, {0.25f, 0.0f, 1.0f}, {0.5f, -1.0f, 0.0f}, {0.75f, 0.0f, -1.0f}}) {
    CHECK(num::cos_sin_turns(u).first == c);
    CHECK(num::cos_sin_turns(u).second == s);
  }
}

TEST_CASE("math: pow is accurate", "[kernels][math]") {
  std::mt19937 random(1);
  double error = 0;
  for (int i = 0; i < 300000; ++i) {
    const float a = num::real(static_cast<std::uint32_t>(random()) & 0x7fffffffu),
                b = std::ldexp(static_cast<float>(static_cast<std::int32_t>(random())),
                    -31 + static_cast<int>(random() % 12));
    const long double want = std::pow(static_cast<long double>(a), static_cast<long double>(b));
    if (a <= largest && b != 3) error = std::max(error, ulps(num::pow(a, b), want));
  }
  CHECK(error <= 0.51);
  CHECK(num::pow(3.0f, 4.0f) == 81.0f);
  CHECK(num::pow(10.0f, -3.0f) == 0.001f);
}

TEST_CASE("math: pow has C's special cases", "[kernels][math]") {
  const float numbers[] = {0.0f, -0.0f, 1.0f, -1.0f, 2.0f, -2.0f, 3.0f, -3.0f, 4.0f, 0.7f, -0.7f, 2.5f, -2.5f,
      inf, -inf, not_a_number, 0.5f, -0.5f, 1e30f, -1e30f, 1e-30f, 16777217.0f, -7.0f};
  for (const float a : numbers)
    for (const float b : numbers) {
      CAPTURE(a, b);
      const float want = std::pow(a, b), got = num::pow(a, b);
      if (want == 0 || std::isinf(want) || std::abs(want) == 1) CHECK(test::bits(got) == test::bits(want));
      else if (std::isnan(want)) CHECK(std::isnan(got));
      else CHECK(std::abs(got - want) <= 2e-7f * std::abs(want));
    }
  CHECK(num::pow(-8.0f, 3.0f) == -512.0f);
}

TEST_CASE("math: special values", "[kernels][math]") {
  for (const float x : {0.0f, -0.0f, inf, -inf, not_a_number, -1.0f, least, largest, 200.0f, -200.0f}) {
    CAPTURE(x);
    CHECK(test::bits(num::exp(x)) == test::bits(std::exp(x)));
    CHECK(test::bits(num::log(x)) == test::bits(std::log(x)));
    CHECK(test::bits(num::relu(x)) == test::bits(x != x || x > 0 ? x : 0.0f));
    if (std::abs(x) != 1) CHECK(test::bits(num::tanh(x)) == test::bits(std::tanh(x)));
  }
  CHECK(test::bits(num::sin(-0.0f)) == test::bits(-0.0f));
  CHECK(test::bits(num::sin(least)) == test::bits(least));
  CHECK(num::cos(0.0f) == 1.0f);
  for (const float x : {inf, -inf, not_a_number}) {
    CHECK(std::isnan(num::sin(x)));
    CHECK(std::isnan(num::cos(x)));
  }
  CHECK(num::sigmoid(0.0f) == 0.5f);
  CHECK(num::sigmoid(inf) == 1.0f);
  CHECK(test::bits(num::sigmoid(-inf)) == test::bits(0.0f));
  CHECK(std::isnan(num::sigmoid(not_a_number)));
  CHECK(test::bits(num::sign(-0.0f)) == test::bits(0.0f));
  CHECK(std::isnan(num::sign(not_a_number)));
  CHECK(std::isnan(num::maximum(not_a_number, 1.0f)));
  CHECK(std::isnan(num::maximum(1.0f, not_a_number)));
  CHECK(std::isnan(num::minimum(1.0f, not_a_number)));
  CHECK(test::bits(num::maximum(0.0f, -0.0f)) == test::bits(-0.0f));
}

TEST_CASE("math: the float64 functions stay within 2 ulp, sigmoid within 3", "[kernels][math]") {
  const auto worst_double = [](arith::UnaryOp op, double from, double to, auto&& exact) {
    constexpr std::int64_t n = 20011;
    std::vector<double> x(n), y(n);
    for (std::int64_t i = 0; i < n; ++i)
      x[static_cast<std::size_t>(i)] = from + (to - from) * static_cast<double>(i) / static_cast<double>(n);
    kernels::unary(Stream::current(Device::cpu()), op, DType::float64, {n}, y.data(), x.data());
    double result = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const long double want = exact(static_cast<long double>(x[i]));
      int exponent;
      std::frexp(want, &exponent);
      const double error = static_cast<double>(
          std::abs(static_cast<long double>(y[i]) - want) / std::ldexp(1.0L, std::max(exponent, -1021) - 53));
      if (!(error <= result)) result = error;
    }
    return result;
  };
  CHECK(worst_double(arith::Exp(), -700, 700, [](long double x) { return std::exp(x); }) <= 2);
  CHECK(worst_double(arith::Log(), 1e-3, 50, [](long double x) { return std::log(x); }) <= 2);
  CHECK(worst_double(arith::Sin(), -1e5, 1e5, [](long double x) { return std::sin(x); }) <= 2);
  CHECK(worst_double(arith::Cos(), -1e5, 1e5, [](long double x) { return std::cos(x); }) <= 2);
  CHECK(worst_double(arith::Tanh(), -20, 20, [](long double x) { return std::tanh(x); }) <= 2);
  CHECK(worst_double(arith::Sigmoid(), -30, 30, [](long double x) { return 1 / (1 + std::exp(-x)); }) <= 3);
}
