// Elementwise kernels against the scalar operations, bit for bit: every operation, dtype, layout and build.
#include <tenon/kernels/elementwise.h>

#include <cmath>
#include <random>

#include "oracle.h"
#include "support.h"

namespace {

using namespace tenon;
using namespace tenon::kernels;
using test::Kind;

/// Operands of a 3 x 4 x 37 loop (for `size` 1, of any dense line): dense, broadcast, transposed, reversed or
/// a number.
const Shape shape = {3, 4, 37};
enum class Layout { dense, row, column, transposed, backwards, one_value, number };
constexpr Layout layouts[] = {Layout::dense, Layout::row, Layout::column, Layout::transposed,
    Layout::backwards, Layout::one_value, Layout::number};

template <class T>
struct Source {
  const T* data;
  Strides strides;
  Operand operand;
  T operator[](std::int64_t i) const { return data[test::offset(shape, strides, i)]; }
};
template <class T>
Source<T> source(Layout layout, const test::Vector<T>& values) {
  const T* const p = values.data();
  const auto with = [&](const T* data, const Strides& strides) { return Source<T>{data, strides, nullptr}; };
  switch (layout) {
    case Layout::dense: return {p, contiguous_strides(shape), p};
    case Layout::row: return with(p, {0, 0, 1});
    case Layout::column: return with(p, {4, 1, 0});
    case Layout::transposed: return with(p, {1, 3, 12});
    case Layout::backwards: return with(p + shape.numel() - 1, {-148, -37, -1});
    case Layout::one_value: return with(p, {0, 0, 0});
    default: return {p, {0, 0, 0}, static_cast<double>(p[0])};
  }
}
/// Operand holds strides by reference, so it must not outlive the source.
template <class T>
Operand operand(const Source<T>& s, Layout layout) {
  if (layout == Layout::dense || layout == Layout::number) return s.operand;
  return {s.data, s.strides};
}

/// `ulps`: the largest error allowed, in units of the last place.
template <class To, class Compute>
void check_result(const test::Vector<To>& expected, const Compute& compute, std::int64_t ulps = 0) {
  const Strides turned = {1, 3, 12}, gaps = {4 * 80, 80, 2};
  test::on_every_build([&] {
    auto out = test::written<To>(expected.size(), [&](To* to) { compute(Result(to)); });
    test::require_same(expected, out, ulps);
    test::Vector<To> elsewhere(3 * 4 * 80);
    for (const Strides& strides : {turned, gaps}) {
      compute(Result(elsewhere.data(), strides));
      for (std::int64_t i = 0; i < shape.numel(); ++i)
        out[static_cast<std::size_t>(i)] =
            elsewhere[static_cast<std::size_t>(test::offset(shape, strides, i))];
      test::require_same(expected, out, ulps);
    }
  });
}

template <class To, class F>
test::Vector<To> each(const F& f) {
  test::Vector<To> result;
  for (std::int64_t i = 0; i < shape.numel(); ++i) result.push_back(f(i));
  return result;
}

template <class T>
test::Vector<T> values(Kind kind, std::uint32_t seed) {
  if constexpr (std::is_floating_point_v<T>) {
    auto v = test::noise<T>(shape.numel(), kind, seed);
    if (kind == Kind::ordinary)
      for (T& x : v) x *= 20;
    return v;
  } else {
    std::mt19937_64 random(seed);
    test::Vector<T> v;
    for (std::int64_t i = 0; i < shape.numel(); ++i)
      v.push_back(static_cast<T>(std::is_same_v<T, std::uint8_t> ? random() % 2
                                 : kind == Kind::ordinary        ? random() % 7 - 3
                                                                 : random()));
    return v;
  }
}

// For the operations with two parameters.
constexpr Parameters bounds = {-0.5, 0.75};

template <class Op, class T>
void unary_case() {
  for (const Kind kind : test::kinds)
    for (const Layout layout : layouts) {
      const auto v = values<T>(kind, 1);
      const auto a = source(layout, v);
      CAPTURE(Op::name, static_cast<int>(kind), static_cast<int>(layout));
      check_result(
          each<T>([&](std::int64_t i) { return arith::bind<Op, T>(bounds)(a[i]); }), [&](Result out) {
            unary(test::stream(), Op(), dtype_of<T>, shape, out, operand(a, layout), bounds);
          });
    }
}
template <class Op, class T>
void binary_case() {
  for (const Kind kind : test::kinds)
    for (std::size_t i = 0; i < std::size(layouts) * std::size(layouts); ++i) {
      if ((i * 2654435761u >> 7) % 3 && i % 8) continue;  // a third of the pairs, and each layout with itself
      const Layout left = layouts[i / std::size(layouts)], right = layouts[i % std::size(layouts)];
      const auto v = values<T>(kind, 1), w = values<T>(kind, 2);
      const auto a = source(left, v), b = source(right, w);
      CAPTURE(Op::name, static_cast<int>(kind), static_cast<int>(left), static_cast<int>(right));
      check_result(
          each<T>([&](std::int64_t q) { return arith::bind<Op, T>(bounds)(a[q], b[q]); }), [&](Result out) {
            binary(
                test::stream(), Op(), dtype_of<T>, shape, out, operand(a, left), operand(b, right), bounds);
          });
    }
}
template <class T>
void all_unary() {
  arith::UnaryOps::for_each([]<class Op>() {
    if constexpr (arith::takes<Op, T>) unary_case<Op, T>();
  });
}
template <class T>
void all_binary() {
  arith::BinaryOps::for_each([]<class Op>() {
    if constexpr (arith::takes<Op, T>) binary_case<Op, T>();
  });
}
template <class T>
void all_compare() {
  arith::CompareOps::for_each([]<class Op>() {
    for (const Layout left : {Layout::dense, Layout::transposed, Layout::number})
      for (const Layout right : {Layout::dense, Layout::row, Layout::number}) {
        const auto v = values<T>(Kind::special, 1), w = values<T>(Kind::special, 2);
        const auto a = source(left, v), b = source(right, w);
        constexpr DType dtype = std::is_same_v<T, std::uint8_t>
                                    ? DType::boolean
                                    : dtype_of<std::conditional_t<std::is_same_v<T, std::uint8_t>, bool, T>>;
        if (dtype == DType::int64 && (left == Layout::number || right == Layout::number))
          continue;  // not every int64 is exactly a double
        check_result(each<std::uint8_t>([&](std::int64_t q) { return Op()(a[q], b[q]); }), [&](Result out) {
          compare(test::stream(), Op(), dtype, shape, out, operand(a, left), operand(b, right));
        });
      }
  });
}

}  // namespace

TEST_CASE("elementwise: unary operations match their definition", "[kernels][elementwise][one_thread]") {
  all_unary<float>();
  all_unary<double>();
}
TEST_CASE("elementwise: binary operations match their definition", "[kernels][elementwise][one_thread]") {
  all_binary<float>();
  all_binary<double>();
}
TEMPLATE_TEST_CASE("elementwise: blocks without a special case", "[kernels][elementwise]", float, double) {
  using T = TestType;
  auto x = test::noise<T>(1000, Kind::ordinary, 1), y = test::noise<T>(1000, Kind::ordinary, 2);
  for (T& a : x) a = 1 / (1 + std::abs(a));  // in (0, 1)
  for (T& a : y) a = 1 / (1 + std::abs(a));
  for (const bool with_special : {false, true}) {
    if (with_special) x[300] = 0;
    arith::BinaryOps::for_each([&]<class Op>() {
      if constexpr (requires { Op::usual(T(1), T(1)); }) {
        CAPTURE(Op::name);
        test::Vector<T> want(1000);
        for (std::size_t i = 0; i < 1000; ++i) want[i] = Op()(x[i], y[i]);
        test::on_every_build([&] {
          test::require_same(want, test::written<T>(1000, [&](T* out) {
            binary(test::stream(), Op(), dtype_of<T>, {1000}, out, x.data(), y.data());
          }));
        });
      }
    });
  }
}

TEST_CASE("elementwise: comparisons match their definition", "[kernels][elementwise][one_thread]") {
  all_compare<float>();
  all_compare<double>();
  all_compare<std::int64_t>();
  all_compare<std::uint8_t>();
}

TEST_CASE("elementwise: integers wrap", "[kernels][elementwise]") {
  const test::Vector<std::int64_t> a = {INT64_MAX, INT64_MIN, -3, 5}, b = {1, -1, 4, INT64_MAX};
  const auto run = [&](arith::BinaryOp op) {
    test::Vector<std::int64_t> out(4);
    binary(test::stream(), op, DType::int64, {4}, out.data(), a.data(), b.data());
    return out;
  };
  test::on_every_build([&] {
    CHECK(run(arith::Add()) == test::Vector<std::int64_t>{INT64_MIN, INT64_MAX, 1, INT64_MIN + 4});
    CHECK(
        run(arith::Sub()) == test::Vector<std::int64_t>{INT64_MAX - 1, INT64_MIN + 1, -7, 6 - INT64_MAX - 1});
    CHECK(run(arith::Mul()) == test::Vector<std::int64_t>{INT64_MAX, INT64_MIN, -12, INT64_MAX - 4});
    CHECK(run(arith::Maximum()) == test::Vector<std::int64_t>{INT64_MAX, -1, 4, INT64_MAX});
    CHECK(run(arith::Minimum()) == test::Vector<std::int64_t>{1, INT64_MIN, -3, 5});
    test::Vector<std::int64_t> out(4);
    unary(test::stream(), arith::Neg(), DType::int64, {4}, out.data(), a.data());
    CHECK(out == test::Vector<std::int64_t>{-INT64_MAX, INT64_MIN, 3, -5});
    unary(test::stream(), arith::Abs(), DType::int64, {4}, out.data(), a.data());
    CHECK(out == test::Vector<std::int64_t>{INT64_MAX, INT64_MIN, 3, 5});
    unary(test::stream(), arith::Clamp(), DType::int64, {4}, out.data(), a.data(), {-2, 1e30});
    CHECK(out == test::Vector<std::int64_t>{INT64_MAX, -2, -2, 5});
  });
}

TEST_CASE("elementwise: where moves bytes and keeps a NaN's payload", "[kernels][elementwise]") {
  test::Vector<std::uint8_t> condition;
  test::Vector<float> a, b, expected;
  for (std::uint32_t i = 0; i < shape.numel(); ++i) {
    condition.push_back(i % 3 == 1);
    a.push_back(std::bit_cast<float>(0x7fc00001u + i));
    b.push_back(static_cast<float>(i));
    expected.push_back(condition[i] ? a[i] : b[i]);
  }
  const Strides row = {0, 0, 1};
  test::on_every_build([&] {
    test::Vector<float> out(expected.size());
    where(test::stream(), DType::float32, shape, out.data(), condition.data(), a.data(), b.data());
    for (std::size_t i = 0; i < out.size(); ++i)
      REQUIRE(std::bit_cast<std::uint32_t>(out[i]) == std::bit_cast<std::uint32_t>(expected[i]));
    test::Vector<std::int64_t> numbers(expected.size());
    where(test::stream(), DType::int64, shape, numbers.data(), {condition.data(), row}, 7.0, -1.0);
    for (std::size_t i = 0; i < out.size(); ++i) REQUIRE(numbers[i] == (condition[i % 37] ? 7 : -1));
    for (const bool left : {true, false}) {  // one of the two is a number
      if (left) where(test::stream(), DType::float32, shape, out.data(), condition.data(), 2.5, b.data());
      else where(test::stream(), DType::float32, shape, out.data(), condition.data(), b.data(), 2.5);
      for (std::size_t i = 0; i < out.size(); ++i)
        REQUIRE(out[i] == ((condition[i] != 0) == left ? 2.5f : b[i]));
    }
    test::Vector<std::uint8_t> flags(expected.size());
    where(test::stream(), DType::boolean, shape, flags.data(), 0.0, 0.0, condition.data());
    CHECK(flags == condition);
  });
}

TEST_CASE("elementwise: clamp, its gradient, and the gradients of the losses", "[kernels][elementwise]") {
  for (const Kind kind : test::kinds)
    for (const Layout layout : {Layout::dense, Layout::one_value, Layout::number, Layout::transposed}) {
      const auto u = values<float>(kind, 1), v = values<float>(kind, 2), w = values<float>(kind, 3);
      const auto g = source(layout, u), a = source(Layout::dense, v), b = source(Layout::dense, w);
      constexpr float nan = std::numeric_limits<float>::quiet_NaN();
      for (const auto& [low, high] : {std::pair{-0.5f, 0.75f}, {-0.0f, 0.0f}, {0.0f, -0.0f}, {1.0f, -1.0f},
               {nan, 0.5f}, {-0.5f, nan}, {nan, nan}})
        check_result(each<float>([&](std::int64_t i) { return num::minimum(num::maximum(g[i], low), high); }),
            [&](Result out) {
              unary(test::stream(), arith::Clamp(), DType::float32, shape, out, operand(g, layout),
                  {low, high});
            });
      check_result(each<float>([&](std::int64_t i) { return -0.5f <= a[i] && a[i] <= 0.75f ? g[i] : 0.0f; }),
          [&](Result out) {
            binary(test::stream(), arith::ClampBackward(), DType::float32, shape, out, operand(g, layout),
                a.operand, {-0.5, 0.75});
          });
      check_result(each<float>([&](std::int64_t i) { return ((2.0f * g[i]) / 444.0f) * (a[i] - b[i]); }),
          [&](Result out) {
            ternary(test::stream(), arith::ScaledDifference(), DType::float32, shape, out, operand(g, layout),
                a.operand, b.operand, {2, 444});
          });
      check_result(
          each<float>([&](std::int64_t i) { return ((g[i] * -1.0f) / 444.0f) * num::sign(a[i] - b[i]); }),
          [&](Result out) {
            ternary(test::stream(), arith::ScaledSign(), DType::float32, shape, out, operand(g, layout),
                a.operand, b.operand, {-1, 444});
          });
    }
}

TEST_CASE("elementwise: copy converts", "[kernels][elementwise]") {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const test::Vector<double> x = {
      1.5, -1.5, 0.1, -0.0, inf, -inf, nan, 1e300, -9.3e18, 9007199254740992.0, 1e-60, 0};
  const Shape line = {static_cast<std::int64_t>(x.size())};
  test::on_every_build([&] {
    test::Vector<std::int64_t> whole(x.size());
    copy(test::stream(), DType::int64, DType::float64, line, whole.data(), x.data());
    CHECK(whole == test::Vector<std::int64_t>{
                       1, -1, 0, 0, INT64_MAX, INT64_MIN, 0, INT64_MAX, INT64_MIN, 9007199254740992, 0, 0});
    test::Vector<std::uint8_t> flags(x.size());
    copy(test::stream(), DType::boolean, DType::float64, line, flags.data(), x.data());
    CHECK(flags == test::Vector<std::uint8_t>{1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0});
    test::Vector<float> narrow(x.size()), expected;
    for (const double v : x) expected.push_back(static_cast<float>(v));
    copy(test::stream(), DType::float32, DType::float64, line, narrow.data(), x.data());
    test::require_same(expected, narrow);
    // Rounding an int64 to float in two steps would give a different result.
    const test::Vector<std::int64_t> odd = {0x7fffff4000000001, -0x7fffff4000000001, 16777217, INT64_MIN};
    test::Vector<float> once(4);
    copy(test::stream(), DType::float32, DType::int64, {4}, once.data(), odd.data());
    CHECK(once == test::Vector<float>{0x1.ffffFEp62f, -0x1.ffffFEp62f, 16777216.0f, -0x1p63f});
    test::Vector<double> back(x.size());
    copy(test::stream(), DType::float64, DType::boolean, line, back.data(), flags.data());
    CHECK(back[0] == 1);
    CHECK(back[3] == 0);
    copy(test::stream(), DType::int64, DType::float32, {2}, whole.data(), 3.0);
    CHECK((whole[0] == 3 && whole[1] == 3));
  });
}

TEST_CASE("elementwise: errors", "[kernels][elementwise]") {
  std::int64_t x = 1;
  std::uint8_t flag = 1;
  CHECK_THROWS_WITH(unary(test::stream(), arith::Sqrt(), DType::int64, {}, &x, &x),
      "sqrt: needs floating-point numbers; the dtype is int64");
  CHECK_THROWS_WITH(binary(test::stream(), arith::Div(), DType::int64, {}, &x, &x, &x),
      "div: needs floating-point numbers; the dtype is int64");
  CHECK_THROWS_WITH(binary(test::stream(), arith::Add(), DType::boolean, {}, &flag, &flag, &flag),
      "add: needs numbers; the dtype is boolean");
  CHECK_THROWS_WITH(unary(test::stream(), arith::Clamp(), DType::boolean, {}, &flag, &flag, {0, 1}),
      "clamp: needs numbers; the dtype is boolean");
  CHECK_THROWS_WITH(ternary(test::stream(), arith::ScaledSign(), DType::int64, {}, &x, &x, &x, &x, {1, 1}),
      "scaled_sign: needs floating-point numbers; the dtype is int64");
}
