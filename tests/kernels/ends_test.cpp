// Functions at the ends of their ranges, on every instruction set and device: overflow, denormal arguments
// and results, and special values. The references are long double functions, accurate to 2^-38 ulp of a
// float.
#include <tenon/kernels/elementwise.h>

#include <tenon/kernels/arith/math.h>

#include <cmath>
#include <random>

#include "support.h"

namespace {

using namespace tenon;
using namespace tenon::kernels;

constexpr float largest = std::numeric_limits<float>::max(), least = std::numeric_limits<float>::denorm_min();

template <class T>
Shape line(const test::Vector<T>& values) {
  return {static_cast<std::int64_t>(values.size())};
}

/// Floats whose bits are near those of `middle`, with the same sign and without NaN.
test::Vector<float> around(float middle) {
  const std::int64_t reach = test::thorough && !test::on_cuda() ? 5000 : 300;
  const std::int64_t at = num::bits(std::abs(middle));
  test::Vector<float> values;
  for (std::int64_t b = std::max<std::int64_t>(at - reach, 0);
       b <= std::min<std::int64_t>(at + reach, 0x7f800000); ++b)
    values.push_back(std::copysign(num::real(static_cast<std::uint32_t>(b)), middle));
  return values;
}

using Exact = long double (*)(long double);

void check_unary(arith::UnaryOp op, double bound, const Exact& exact, std::initializer_list<float> places) {
  for (const float place : places) {
    const auto x = around(place);
    test::on_every_build([&] {
      test::Vector<float> y(x.size());
      unary(test::stream(), op, DType::float32, line(x), y.data(), x.data());
      double worst = 0;
      std::size_t where = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double error = test::ulps(y[i], exact(static_cast<long double>(x[i])));
        if (!(error <= worst)) worst = error, where = i;
      }
      CAPTURE(op.index, place, x[where], y[where]);
      CHECK(worst <= bound);
    });
  }
}

void check_pow(const test::Vector<float>& a, const test::Vector<float>& b) {
  test::on_every_build([&] {
    test::Vector<float> y(a.size());
    binary(test::stream(), arith::Pow(), DType::float32, line(a), y.data(), a.data(), b.data());
    double worst = 0;
    std::size_t where = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double error =
          test::ulps(y[i], std::pow(static_cast<long double>(a[i]), static_cast<long double>(b[i])));
      if (!(error <= worst)) worst = error, where = i;
    }
    CAPTURE(a[where], b[where], y[where]);
    CHECK(worst <= 0.51);
  });
}

/// Passes the exponent as a tensor, as a number and through the operations for special exponents.
template <class T>
void check_special_powers() {
  constexpr T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  constexpr T tiny = std::numeric_limits<T>::denorm_min(), most = std::numeric_limits<T>::max();
  constexpr T odd = T(std::int64_t{1} << std::numeric_limits<T>::digits) - 1;  // the largest odd number
  const T magnitudes[] = {0, 1, 2, 3, T(0.5), T(2.5), T(1) / 3, tiny, std::numeric_limits<T>::min(), most,
      odd, odd - 1, odd + 1, inf, nan};
  test::Vector<T> a, b;
  for (const T x : magnitudes)
    for (const T y : magnitudes)
      for (const T left : {x, -x})
        for (const T right : {y, -y}) a.push_back(left), b.push_back(right);
  const auto is_c = [&](const char* form, T base, T exponent, T got) {
    const T want = std::pow(base, exponent);
    CAPTURE(form, base, exponent, got, want);
    if (want == 0 || std::isinf(want) || std::isnan(want) || std::abs(want) == 1)
      CHECK(test::bits(got) == test::bits(want));
    else CHECK(std::abs(got - want) <= 2 * std::numeric_limits<T>::epsilon() * std::abs(want) + tiny);
  };
  test::on_every_build([&] {
    test::Vector<T> y(a.size());
    binary(test::stream(), arith::Pow(), dtype_of<T>, line(a), y.data(), a.data(), b.data());
    for (std::size_t i = 0; i < a.size(); ++i) is_c("tensor", a[i], b[i], y[i]);
    for (const T magnitude : magnitudes)
      for (const T exponent : {magnitude, -magnitude}) {
        binary(test::stream(), arith::Pow(), dtype_of<T>, line(a), y.data(), a.data(),
            static_cast<double>(exponent));
        for (std::size_t i = 0; i < a.size(); ++i) is_c("number", a[i], exponent, y[i]);
      }
    for (const auto& [op, exponent] : {std::pair{arith::UnaryOp(arith::Root()), T(0.5)},
             {arith::Square(), T(2)}, {arith::Cube(), T(3)}, {arith::Reciprocal(), T(-1)}}) {
      unary(test::stream(), op, dtype_of<T>, line(a), y.data(), a.data());
      for (std::size_t i = 0; i < a.size(); ++i) is_c("case of its own", a[i], exponent, y[i]);
    }
  });
}

}  // namespace

TEST_CASE("ends: functions stay within their error bounds", "[kernels][ends]") {
  check_unary(arith::Exp(), 0.9, [](long double x) { return std::exp(x); },
      {0.0f, -0.0f, 88.7228f, 88.5f, 127.0f, largest, -87.3365f, -103.2789f, -103.9721f, -104.0f, -largest});
  check_unary(arith::Log(), 0.95, [](long double x) { return std::log(x); },
      {least, 0x1p-126f, 0.6666667f, 1.0f, 1.3333334f, largest});
  check_unary(arith::Tanh(), 1.9, [](long double x) { return std::tanh(x); },
      {0.0f, -0.0f, 0x1p-126f, -0x1p-63f, 0.5996f, -0.5996f, 9.02f, -9.02f, largest});
  check_unary(arith::Sigmoid(), 2.5, [](long double x) { return 1 / (1 + std::exp(-x)); },
      {0.0f, -0.0f, 17.0f, 88.7228f, largest, -17.0f, -87.3365f, -88.7228f, -103.2789f, -103.9721f, -104.0f,
          -largest});
  check_unary(arith::Sin(), 1.5, [](long double x) { return std::sin(x); },
      {0.0f, -0.0f, 0x1p-126f, 0.7853982f, 3.1415927f, 65536.0f, -65536.0f, 0x1p31f});
  check_unary(arith::Cos(), 1.5, [](long double x) { return std::cos(x); },
      {0.0f, -0.0f, 0x1p-126f, 0.7853982f, 1.5707964f, 65536.0f, -65536.0f, 0x1p31f});
}

TEST_CASE("ends: pow is within 0.51 ulp wherever its result is a number", "[kernels][ends][values]") {
  test::Vector<float> a = {0x1.687bcep-1f, 0x1.fffffap+15f}, b = {-0x1.f9a6c6p+7f, 8};
  check_pow(a, b);
  std::mt19937 random(5);
  const int count = test::thorough && !test::on_cuda() ? 20000 : 1000;
  // Bases, and the range of the results as powers of two.
  const auto near = [&](float middle) {
    return num::real(num::bits(middle) + static_cast<std::uint32_t>(random() % 20001) - 10000);
  };
  const auto base = [&](int kind) {
    switch (kind) {
      case 0: return near(0x1.6a09e6p-1f);
      case 1: return near(0x1.6a09e6p+0f);
      case 2: return near(1.0f);
      case 3: return num::real(1 + static_cast<std::uint32_t>(random()) % 0x7fffff);  // denormal
      default: return num::real(static_cast<std::uint32_t>(random()) % 0x7f800000u);
    }
  };
  const std::pair<double, double> results[] = {
      {127, 127.9999}, {127.9999, 128.0001}, {-126.01, -125.99}, {-150.1, -126}, {-150, 128}};
  for (int kind = 0; kind < 5; ++kind)
    for (const auto& [low, high] : results) {
      a.clear(), b.clear();
      for (int i = 0; i < count; ++i) {
        const float x = base(kind);
        const double power = low + (high - low) * (static_cast<double>(random()) * 0x1p-32);
        const auto y = static_cast<float>(power / std::log2(static_cast<double>(x)));
        if (std::isfinite(y) && y != 3) a.push_back(x), b.push_back(y);  // the cube is two products
      }
      INFO("bases " << kind << ", results from 2^" << low << " to 2^" << high);
      check_pow(a, b);
    }
}

TEST_CASE("ends: pow has C's special values, however the exponent is passed",
    "[kernels][ends][values][one_thread]") {
  check_special_powers<float>();
  check_special_powers<double>();
}

TEST_CASE("ends: functions have C's special values", "[kernels][ends]") {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const test::Vector<float> x = {0.0f, -0.0f, inf, -inf, nan, -nan, least, -least, largest, -largest, -1.0f};
  const auto is = [&](arith::UnaryOp op, auto exact) {
    test::on_every_build([&] {
      test::Vector<float> y(x.size()), want;
      for (const float v : x) want.push_back(exact(v));
      unary(test::stream(), op, DType::float32, line(x), y.data(), x.data());
      for (std::size_t i = 0; i < x.size(); ++i) {
        CAPTURE(op.index, x[i], y[i], want[i]);
        if (want[i] == 0 || !std::isfinite(want[i]) || std::abs(want[i]) == least)
          CHECK(test::bits(y[i]) == test::bits(want[i]));
      }
    });
  };
  is(arith::Sqrt(), [](float v) { return std::sqrt(v); });
  is(arith::Exp(), [](float v) { return std::exp(v); });
  is(arith::Log(), [](float v) { return std::log(v); });
  is(arith::Sin(), [](float v) { return std::sin(v); });
  is(arith::Cos(), [](float v) { return std::cos(v); });
  is(arith::Tanh(), [](float v) { return std::tanh(v); });
  is(arith::Sigmoid(), [](float v) { return 1 / (1 + std::exp(-v)); });
}

TEST_CASE("ends: gradients of relu and clamp at NaN and at the bounds", "[kernels][ends]") {
  const auto check_dtype = [&]<class T>(T) {
    const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
    const test::Vector<T> x = {
        nan, -nan, 0, -T(0), 1, -1, inf, -inf, 2, T(2.5), std::numeric_limits<T>::denorm_min()};
    const test::Vector<T> relu = {7, 7, 0, 0, 7, 0, 7, 0, 7, 7, 7}, clamp = {0, 0, 7, 7, 7, 7, 0, 0, 7, 0, 7};
    test::on_every_build([&] {
      test::Vector<T> y(x.size());
      binary(test::stream(), arith::ReluBackward(), dtype_of<T>, line(x), y.data(), 7.0, x.data());
      test::require_same(relu, y);
      binary(test::stream(), arith::ClampBackward(), dtype_of<T>, line(x), y.data(), 7.0, x.data(), {-1, 2});
      test::require_same(clamp, y);
    });
  };
  check_dtype(float{});
  check_dtype(double{});
}
