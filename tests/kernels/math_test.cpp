// Errors of kernels/arith/float32.h and float64.h in ulp of the result, against long double and the bounds of
// docs/numerics.md; special values.
#include <tenon/kernels/arith/philox.h>
#include <tenon/kernels/elementwise.h>

#include <cmath>
#include <random>

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

TEST_CASE("math: errors stay within their bounds", "[kernels][math][one_thread]") {
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
  CHECK(worst(
            least, largest, 4099, [](float x) { return num::log1p(x); },
            [](long double x) { return std::log1p(x); }) <= 1.6);
  CHECK(worst(
            0.2f, 2.0f, 61, [](float x) { return num::log1p(x); },
            [](long double x) { return std::log1p(x); }) <= 1.6);
  CHECK(worst(
            -0.0f, -0.99999994f, 2503, [](float x) { return num::log1p(x); },
            [](long double x) { return std::log1p(x); }) <= 1.6);
  CHECK(worst(
            0.0f, 88.7f, 2503, [](float x) { return num::expm1(x); },
            [](long double x) { return std::expm1(x); }) <= 1.5);
  CHECK(worst(
            0.2f, 2.0f, 61, [](float x) { return num::expm1(x); },
            [](long double x) { return std::expm1(x); }) <= 1.5);
  CHECK(worst(
            -0.0f, -104.0f, 2503, [](float x) { return num::expm1(x); },
            [](long double x) { return std::expm1(x); }) <= 1.5);
  CHECK(worst(
            least, largest, 4099, [](float x) { return num::log2(x); },
            [](long double x) { return std::log2(x); }) <= 0.51);
  CHECK(worst(
            0.5f, 2.0f, 61, [](float x) { return num::log2(x); },
            [](long double x) { return std::log2(x); }) <= 0.51);
  CHECK(worst(
            0.0f, 128.0f, 2503, [](float x) { return num::exp2(x); },
            [](long double x) { return std::exp2(x); }) <= 0.51);
  CHECK(worst(
            -0.0f, -151.0f, 2503, [](float x) { return num::exp2(x); },
            [](long double x) { return std::exp2(x); }) <= 0.51);
  CHECK(worst(
            0.0f, largest, 4099, [](float x) { return num::erf(x); },
            [](long double x) { return std::erf(x); }) <= 1.1);
  CHECK(worst(
            0.5f, 4.0f, 61, [](float x) { return num::erf(x); }, [](long double x) { return std::erf(x); }) <=
        1.1);
}

TEST_CASE("math: the usual case of a function is the function", "[kernels][math]") {
  const auto compare = []<class Op>(Op, auto... others) {
    CAPTURE(Op::name);
    std::int64_t usual = 0;
    const auto check = [&]<class T>(T x) {
      if (!Op::is_usual(x, static_cast<T>(others)...)) return;
      ++usual;
      if (test::bits(Op::usual(x, static_cast<T>(others)...)) !=
          test::bits(Op()(x, static_cast<T>(others)...)))
        FAIL_CHECK(Op::name << " of " << x);
    };
    for (std::uint64_t b = 0; b < std::uint64_t{1} << 32; b += 10007)
      check(num::real(static_cast<std::uint32_t>(b)));
    for (std::uint64_t b = 0; b < ~std::uint64_t{0} - (std::uint64_t{1} << 46);
         b += (std::uint64_t{1} << 46) - 1)
      check(num::real(b));
    for (const float limit : {1.0f, 87.0f, 104.0f, 65536.0f, num::least_normal, largest})
      for (const float x : {limit, std::nextafter(limit, 0.0f), std::nextafter(limit, inf)})
        check(x), check(-x);
    for (const double limit : {1.0, 708.0, 800.0, 0x1p30, 0x1p-1022, std::numeric_limits<double>::max()})
      for (const double x : {limit, std::nextafter(limit, 0.0)}) check(x), check(-x);
    CHECK(usual > 100'000);
  };
  arith::UnaryOps::for_each([&]<class Op>() {
    if constexpr (requires { Op::usual(1.0f); }) compare(Op());
  });
  arith::BinaryOps::for_each([&]<class Op>() {
    if constexpr (requires { Op::usual(1.0f, 1.0f); })
      for (const double other : {0.0, 0.3, 1.0}) compare(Op(), other);
  });
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

// float64

namespace {

/// The largest error at n numbers between from and to, spread evenly over the numbers or over their bit
/// patterns.
enum class Spread { numbers, patterns };
template <class F, class G>
double worst(double from, double to, Spread spread, const F& f, const G& g, int n = 20011) {
  double result = 0;
  const std::uint64_t step = (num::bits(to) - num::bits(from)) / static_cast<std::uint64_t>(n);
  for (int i = 0; i < n; ++i) {
    const double x = spread == Spread::numbers ? from + (to - from) * i / n
                                               : num::real(num::bits(from) + step * static_cast<unsigned>(i));
    const double error = ulps(f(x), g(static_cast<long double>(x)));
    if (!(error <= result)) result = error;
  }
  return result;
}

constexpr double largest64 = std::numeric_limits<double>::max(),
                 least64 = std::numeric_limits<double>::denorm_min();
constexpr double inf64 = std::numeric_limits<double>::infinity(),
                 not_a_number64 = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("math: float64 errors stay within their bounds", "[kernels][math]") {
  const auto exp = [](double x) { return num::exp(x); };
  const auto exp_exact = [](long double x) { return std::exp(x); };
  CHECK(worst(-745.13, 709.78, Spread::numbers, exp, exp_exact) <= 0.9);
  CHECK(worst(-745.13, -708, Spread::numbers, exp, exp_exact) <= 0.9);
  CHECK(worst(-2, 2, Spread::numbers, exp, exp_exact) <= 0.9);
  const auto log = [](double x) { return num::log(x); };
  const auto log_exact = [](long double x) { return std::log(x); };
  CHECK(worst(least64, largest64, Spread::patterns, log, log_exact) <= 0.8);
  CHECK(worst(0.4, 2.5, Spread::numbers, log, log_exact) <= 0.8);
  CHECK(worst(0.999, 1.001, Spread::numbers, log, log_exact) <= 0.8);
  const auto tanh = [](double x) { return num::tanh(x); };
  const auto tanh_exact = [](long double x) { return std::tanh(x); };
  CHECK(worst(least64, 20, Spread::patterns, tanh, tanh_exact) <= 1.6);
  CHECK(worst(0, 20, Spread::numbers, tanh, tanh_exact) <= 1.6);
  CHECK(worst(0.5, 0.6, Spread::numbers, tanh, tanh_exact) <= 1.6);
  const auto sigmoid = [](double x) { return num::sigmoid(x); };
  const auto sigmoid_exact = [](long double x) { return 1 / (1 + std::exp(-x)); };
  CHECK(worst(-30, 30, Spread::numbers, sigmoid, sigmoid_exact) <= 2.5);
  CHECK(worst(-745, -600, Spread::numbers, sigmoid, sigmoid_exact) <= 2.5);
  const auto sin = [](double x) { return num::sin(x); };
  const auto sin_exact = [](long double x) { return std::sin(x); };
  const auto cos = [](double x) { return num::cos(x); };
  const auto cos_exact = [](long double x) { return std::cos(x); };
  for (const auto& [from, to] : {std::pair{0.0, 1.6}, {0.0, 1e3}, {1e5, 1e7}, {0x1p29, 0x1p31}}) {
    CHECK(worst(from, to, Spread::numbers, sin, sin_exact) <= 1.6);
    CHECK(worst(from, to, Spread::numbers, cos, cos_exact) <= 1.6);
  }
  CHECK(worst(least64, largest64, Spread::patterns, sin, sin_exact) <= 1.6);
  CHECK(worst(least64, largest64, Spread::patterns, cos, cos_exact) <= 1.6);
  // Multiples of pi/2, where all leading bits cancel; the last is the double closest to one of them.
  for (const double x :
      {0x1.921fb54442d18p+0, 0x1.921fb54442d18p+1, 0x1.f6a7a2955385ep+2, 0x1.6ac5b262ca1ffp+849}) {
    CHECK(ulps(num::sin(x), std::sin(static_cast<long double>(x))) <= 1.6);
    CHECK(ulps(num::cos(x), std::cos(static_cast<long double>(x))) <= 1.6);
  }
  const auto log1p = [](double x) { return num::log1p(x); };
  const auto log1p_exact = [](long double x) { return std::log1p(x); };
  CHECK(worst(least64, largest64, Spread::patterns, log1p, log1p_exact) <= 1.4);
  CHECK(worst(-0.0, -1 + 0x1p-53, Spread::patterns, log1p, log1p_exact) <= 1.4);
  CHECK(worst(-0.999, 3, Spread::numbers, log1p, log1p_exact) <= 1.4);
  const auto expm1 = [](double x) { return num::expm1(x); };
  const auto expm1_exact = [](long double x) { return std::expm1(x); };
  CHECK(worst(least64, 100, Spread::patterns, expm1, expm1_exact) <= 2.0);
  CHECK(worst(-50, 709.78, Spread::numbers, expm1, expm1_exact) <= 2.0);
  CHECK(worst(-2, 2, Spread::numbers, expm1, expm1_exact) <= 2.0);
  const auto log2 = [](double x) { return num::log2(x); };
  const auto log2_exact = [](long double x) { return std::log2(x); };
  CHECK(worst(least64, largest64, Spread::patterns, log2, log2_exact) <= 0.51);
  CHECK(worst(0.5, 2, Spread::numbers, log2, log2_exact) <= 0.51);
  const auto exp2 = [](double x) { return num::exp2(x); };
  const auto exp2_exact = [](long double x) { return std::exp2(x); };
  CHECK(worst(-1075, 1024, Spread::numbers, exp2, exp2_exact) <= 0.9);
  CHECK(worst(-2, 2, Spread::numbers, exp2, exp2_exact) <= 0.9);
  const auto erf = [](double x) { return num::erf(x); };
  const auto erf_exact = [](long double x) { return std::erf(x); };
  CHECK(worst(least64, largest64, Spread::patterns, erf, erf_exact) <= 2.3);
  CHECK(worst(0, 6.5, Spread::numbers, erf, erf_exact) <= 2.3);
  CHECK(worst(0.9, 1.2, Spread::numbers, erf, erf_exact) <= 2.3);
  const long double tau = 6.28318530717958647692528676655900577L;
  // Up to an eighth of a turn long double can tell; each other eighth is one of these with another sign.
  const auto turn = [](int k) {
    return [k](double u) { return k ? num::cos_sin_turns(u).second : num::cos_sin_turns(u).first; };
  };
  CHECK(worst(0, 0.125, Spread::numbers, turn(0), [&](long double u) { return std::cos(tau * u); }) <= 1.5);
  CHECK(
      worst(1e-9, 0.125, Spread::numbers, turn(1), [&](long double u) { return std::sin(tau * u); }) <= 1.5);
  for (const double u : {0.03, 0.1, 0.125})
    for (int quarter = 1; quarter < 4; ++quarter) {
      const num::Pair<double> first = num::cos_sin_turns(u), later = num::cos_sin_turns(u + 0.25 * quarter);
      const double c[] = {first.first, -first.second, -first.first, first.second};
      CHECK(std::abs(later.first - c[quarter]) <= 1e-15);
      CHECK(std::abs(later.second - c[(quarter + 3) % 4]) <= 1e-15);
    }
}

TEST_CASE("math: float64 pow is accurate and has C's special cases", "[kernels][math]") {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> small(0.5, 2.0), near_1(0.999, 1.001);
  double error = 0;
  for (int i = 0; i < 60000; ++i) {
    const double unit = static_cast<double>(static_cast<std::int64_t>(random())) * 0x1p-63;
    double a = num::real(static_cast<std::uint64_t>(random() >> 1)),
           b = std::ldexp(unit, static_cast<int>(random() % 12));
    if (i % 3 == 1) a = small(random), b = unit * 1080;
    if (i % 3 == 2) a = near_1(random), b = unit * 700000;
    if (a <= largest64)
      error = std::max(
          error, ulps(num::pow(a, b), std::pow(static_cast<long double>(a), static_cast<long double>(b))));
  }
  CHECK(error <= 1.0);
  const double numbers[] = {0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 4.0, 0.7, -0.7, 2.5, -2.5, inf64,
      -inf64, not_a_number64, 0.5, -0.5, 1e300, -1e300, 1e-300, 9007199254740991.0, -9007199254740991.0,
      4503599627370497.5, 9007199254740992.0, 1e18, -7.0, least64};
  for (const double a : numbers)
    for (const double b : numbers) {
      CAPTURE(a, b);
      const double want = std::pow(a, b), got = num::pow(a, b);
      if (want == 0 || std::isinf(want) || std::abs(want) == 1) CHECK(test::bits(got) == test::bits(want));
      else if (std::isnan(want)) CHECK(std::isnan(got));
      else CHECK(std::abs(got - want) <= 4e-16 * std::abs(want));
    }
}

TEST_CASE("math: float64 special values", "[kernels][math]") {
  for (const double x :
      {0.0, -0.0, inf64, -inf64, not_a_number64, -1.0, least64, largest64, 800.0, -800.0, 1e6}) {
    CAPTURE(x);
    CHECK(test::bits(num::exp(x)) == test::bits(std::exp(x)));
    CHECK(test::bits(num::log(x)) == test::bits(std::log(x)));
    if (std::abs(x) != 1) CHECK(test::bits(num::tanh(x)) == test::bits(std::tanh(x)));
  }
  CHECK(test::bits(num::sin(-0.0)) == test::bits(-0.0));
  CHECK(test::bits(num::sin(least64)) == test::bits(least64));
  CHECK(num::cos(0.0) == 1.0);
  for (const double x : {inf64, -inf64, not_a_number64}) {
    CHECK(std::isnan(num::sin(x)));
    CHECK(std::isnan(num::cos(x)));
  }
  CHECK(num::sigmoid(0.0) == 0.5);
  CHECK(num::sigmoid(inf64) == 1.0);
  CHECK(test::bits(num::sigmoid(-inf64)) == test::bits(0.0));
  CHECK(std::isnan(num::sigmoid(not_a_number64)));
}

namespace {

/// Pairs of any bits, and pairs of similar size.
template <class T, class F>
void on_pairs(const F& f) {
  using Bits = decltype(num::bits(T()));
  std::mt19937_64 random(1);
  for (int i = 0; i < 300000; ++i) {
    const auto unit = [&] {
      return static_cast<T>(static_cast<double>(static_cast<std::int64_t>(random())) * 0x1p-61);
    };
    const auto any = [&] { return num::real(static_cast<Bits>(random())); };
    const T a = i % 2 ? any() : unit(), b = i % 2 ? any() : i % 10 ? unit() : a * (1 + unit() / 100);
    f(a, b);
  }
}

template <class T>
void check_functions_of_two(double atan2_bound, double hypot_bound) {
  double atan2_error = 0, hypot_error = 0;
  on_pairs<T>([&](T a, T b) {
    const auto x = static_cast<long double>(a), y = static_cast<long double>(b);
    if (a != a || b != b) return;
    atan2_error = std::max(atan2_error, ulps(num::atan2(a, b), std::atan2(x, y)));
    if (std::hypot(a, b) < std::numeric_limits<T>::infinity())
      hypot_error = std::max(hypot_error, ulps(num::hypot(a, b), std::hypot(x, y)));
    if (test::bits(num::fmod(a, b)) != test::bits(std::fmod(a, b)) && b != 0 &&
        std::abs(a) < std::numeric_limits<T>::infinity())
      FAIL_CHECK("fmod of " << a << " and " << b);
  });
  CHECK(atan2_error <= atan2_bound);
  CHECK(hypot_error <= hypot_bound);

  constexpr T infinite = std::numeric_limits<T>::infinity(), tiny = std::numeric_limits<T>::denorm_min(),
              nan = std::numeric_limits<T>::quiet_NaN();
  const T numbers[] = {0, T(-0.0), 1, -1, T(0.5), T(-0.5), T(1.5), T(-1.5), T(2.5), T(-2.5), T(0.3), T(-0.3),
      T(-1.7), T(8388607.5), T(1e30), T(-1e30), infinite, -infinite, nan, tiny, -tiny,
      std::numeric_limits<T>::max()};
  const auto same = [](T got, T want) {
    return std::isnan(want) ? std::isnan(got) : test::bits(got) == test::bits(want);
  };
  for (const T a : numbers) {
    CAPTURE(a);
    CHECK(same(num::floor(a), std::floor(a)));
    CHECK(same(num::ceil(a), std::ceil(a)));
    CHECK(same(num::trunc(a), std::trunc(a)));
    CHECK(same(num::round(a), std::nearbyint(a)));
    const auto close = [](T got, T want) {
      return std::isnan(want) ? std::isnan(got)
             : want == 0 || std::isinf(want)
                 ? test::bits(got) == test::bits(want)
                 : std::abs(got / want - 1) <= 4 * std::numeric_limits<T>::epsilon();
    };
    CHECK(close(num::log1p(a), std::log1p(a)));
    CHECK(close(num::expm1(a), std::expm1(a)));
    CHECK(close(num::log2(a), std::log2(a)));
    CHECK(close(num::exp2(a), std::exp2(a)));
    CHECK(close(num::erf(a), std::erf(a)));
    for (const T b : numbers) {
      CAPTURE(b);
      CHECK(close(num::atan2(a, b), std::atan2(a, b)));
      CHECK(close(num::hypot(a, b), std::hypot(a, b)));
      CHECK(same(num::fmod(a, b), std::fmod(a, b)));
    }
  }
}

}  // namespace

TEST_CASE(
    "math: functions of two numbers, whole numbers, and special values", "[kernels][math][one_thread]") {
  check_functions_of_two<float>(1.8, 0.51);
  check_functions_of_two<double>(2.8, 1.3);
}
