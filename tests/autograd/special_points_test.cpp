// Functions at special points: zeros, ties, bounds, infinities and NaN. The first and second derivatives are
// those of PyTorch 2 or, where it defines none, of calculus.
#include "../support/catch.h"

#include <cmath>
#include <limits>

#include "../support/op_cases.h"
#include "../support/tensors.h"

using namespace tenon;
using test::number;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity(),
                 not_a_number = std::numeric_limits<double>::quiet_NaN();

struct Point {
  const char* function;
  Tensor (*call)(const Tensor&);
  double at, value, first, second;
};

const Point points[] = {
    {"neg", [](const Tensor& x) { return -x; }, inf, -inf, -1, 0},
    {"add", [](const Tensor& x) { return x + inf; }, -inf, not_a_number, 1, 0},
    {"sub", [](const Tensor& x) { return x - inf; }, inf, not_a_number, 1, 0},
    {"mul", [](const Tensor& x) { return x * 0; }, inf, not_a_number, 0, 0},
    {"mul", [](const Tensor& x) { return x * x; }, 0, 0, 0, 2},
    {"mul", [](const Tensor& x) { return x * x; }, inf, inf, inf, 2},
    {"div", [](const Tensor& x) { return x / 0.0; }, 1, inf, inf, 0},
    {"div", [](const Tensor& x) { return 1 / x; }, 0, inf, -inf, inf},
    {"div", [](const Tensor& x) { return 1 / x; }, -0.0, -inf, -inf, -inf},
    {"div", [](const Tensor& x) { return 1 / x; }, inf, 0, 0, 0},
    {"div", [](const Tensor& x) { return x / x; }, 0, not_a_number, not_a_number, not_a_number},
    {"abs", [](const Tensor& x) { return abs(x); }, 0, 0, 0, 0},
    {"abs", [](const Tensor& x) { return abs(x); }, -inf, inf, -1, 0},
    {"exp", [](const Tensor& x) { return exp(x); }, -inf, 0, 0, 0},
    {"exp", [](const Tensor& x) { return exp(x); }, inf, inf, inf, inf},
    {"exp", [](const Tensor& x) { return exp(x); }, 0, 1, 1, 1},
    {"log", [](const Tensor& x) { return log(x); }, 0, -inf, inf, -inf},
    {"log", [](const Tensor& x) { return log(x); }, 1, 0, 1, -1},
    {"log", [](const Tensor& x) { return log(x); }, inf, inf, 0, 0},
    {"log", [](const Tensor& x) { return log(x); }, -1, not_a_number, -1, -1},
    {"sqrt", [](const Tensor& x) { return sqrt(x); }, 0, 0, inf, -inf},
    {"sqrt", [](const Tensor& x) { return sqrt(x); }, -1, not_a_number, not_a_number, not_a_number},
    {"sqrt", [](const Tensor& x) { return sqrt(x); }, inf, inf, 0, 0},
    {"sin", [](const Tensor& x) { return sin(x); }, 0, 0, 1, 0},
    {"sin", [](const Tensor& x) { return sin(x); }, inf, not_a_number, not_a_number, not_a_number},
    {"cos", [](const Tensor& x) { return cos(x); }, 0, 1, 0, -1},
    {"cos", [](const Tensor& x) { return cos(x); }, -inf, not_a_number, not_a_number, not_a_number},
    {"tanh", [](const Tensor& x) { return tanh(x); }, 0, 0, 1, 0},
    {"tanh", [](const Tensor& x) { return tanh(x); }, inf, 1, 0, 0},
    {"tanh", [](const Tensor& x) { return tanh(x); }, -inf, -1, 0, 0},
    {"sigmoid", [](const Tensor& x) { return sigmoid(x); }, 0, 0.5, 0.25, 0},
    {"sigmoid", [](const Tensor& x) { return sigmoid(x); }, inf, 1, 0, 0},
    {"sigmoid", [](const Tensor& x) { return sigmoid(x); }, -inf, 0, 0, 0},
    {"relu", [](const Tensor& x) { return relu(x); }, 0, 0, 0, 0},
    {"relu", [](const Tensor& x) { return relu(x); }, inf, inf, 1, 0},
    {"relu", [](const Tensor& x) { return relu(x); }, not_a_number, not_a_number, 1, 0},
    {"clamp", [](const Tensor& x) { return clamp(x, -1, 2); }, -1, -1, 1, 0},
    {"clamp", [](const Tensor& x) { return clamp(x, -1, 2); }, 2, 2, 1, 0},
    {"clamp", [](const Tensor& x) { return clamp(x, -1, 2); }, inf, 2, 0, 0},
    {"clamp", [](const Tensor& x) { return clamp(x, -1, 2); }, not_a_number, not_a_number, 0, 0},
    {"maximum", [](const Tensor& x) { return maximum(x, zeros_like(x)); }, 0, 0, 0.5, 0},
    {"maximum", [](const Tensor& x) { return maximum(x, zeros_like(x)); }, not_a_number, not_a_number, 1, 0},
    {"maximum", [](const Tensor& x) { return maximum(x, x); }, 3, 3, 1, 0},
    {"maximum", [](const Tensor& x) { return maximum(x, x); }, not_a_number, not_a_number, 2, 0},
    {"minimum", [](const Tensor& x) { return minimum(x, zeros_like(x)); }, 0, 0, 0.5, 0},
    {"minimum", [](const Tensor& x) { return minimum(x, zeros_like(x)); }, not_a_number, not_a_number, 1, 0},
    {"minimum", [](const Tensor& x) { return minimum(x, x); }, -inf, -inf, 1, 0},
    {"where", [](const Tensor& x) { return where(x > 0, x, -x); }, 0, 0, -1, 0},
    {"where", [](const Tensor& x) { return where(x > 0, log(where(x > 0, x, 1.0)), 0.0); }, -1, 0, 0, 0},
    {"mse_loss", [](const Tensor& x) { return mse_loss(x, zeros_like(x)); }, 0, 0, 0, 2},
    {"mse_loss", [](const Tensor& x) { return mse_loss(x, zeros_like(x)); }, inf, inf, inf, 2},
    {"l1_loss", [](const Tensor& x) { return l1_loss(x, zeros_like(x)); }, 0, 0, 0, 0},
    {"l1_loss", [](const Tensor& x) { return l1_loss(x, zeros_like(x)); }, -inf, inf, -1, 0},
    {"pow", [](const Tensor& x) { return pow(x, 0); }, 0, 1, 0, 0},
    {"pow", [](const Tensor& x) { return pow(x, 0); }, not_a_number, 1, 0, 0},
    {"pow", [](const Tensor& x) { return pow(x, 1); }, 0, 0, 1, 0},
    {"pow", [](const Tensor& x) { return pow(x, 2); }, 0, 0, 0, 2},
    {"pow", [](const Tensor& x) { return pow(x, 2); }, -3, 9, -6, 2},
    {"pow", [](const Tensor& x) { return pow(x, 3); }, 0, 0, 0, 0},
    {"pow", [](const Tensor& x) { return pow(x, 0.5); }, 0, 0, inf, -inf},
    {"pow", [](const Tensor& x) { return pow(x, -1); }, 0, inf, -inf, inf},
    {"pow", [](const Tensor& x) { return pow(x, -1); }, inf, 0, 0, 0},
    {"pow", [](const Tensor& x) { return pow(x, 1.5); }, 0, 0, 0, inf},
    {"pow", [](const Tensor& x) { return pow(x, 4); }, -2, 16, -32, 48},
};

bool agree(double a, double b) {
  return std::isnan(a)             ? std::isnan(b)
         : std::isinf(a) || a == 0 ? a == b
                                   : std::abs(a - b) <= 1e-6 * std::abs(a);
}

/// d output / d input from the tape; 0 where the output no longer depends on the input.
Tensor slope(const Tensor& output, const Tensor& input, bool on_tape = true) {
  if (!output.requires_grad()) return zeros_like(input);
  const Tensor found = autograd::grad(
      output, {input}, {.retain_graph = true, .create_graph = on_tape, .allow_unused = true})[0];
  return found.defined() ? found : zeros_like(input);
}

}  // namespace

TEST_CASE("special points: value, first and second derivative", "[special_points]") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (const Point& point : points) {
      const Tensor x = number(point.at, dtype), y = point.call(x), first = slope(y, x),
                   second = slope(first, x);
      INFO(point.function << " of " << point.at << " in " << dtype << ": " << y.item<double>() << ", "
                          << first.item<double>() << ", " << second.item<double>());
      REQUIRE(agree(point.value, y.item<double>()));
      REQUIRE(agree(point.first, first.item<double>()));
      REQUIRE(agree(point.first, slope(y, x, false).item<double>()));
      REQUIRE(agree(point.second, second.item<double>()));
    }
  }
}

TEST_CASE("special points: every elementwise operation has special points", "[special_points]") {
  std::set<std::string> covered;
  for (const Point& point : points) covered.insert(point.function);
  for (const test::OpCase& row : test::op_cases()) {
    INFO(row.name);
    const std::set<std::string> reductions{"sum", "mean", "amax", "softmax", "log_softmax", "logsumexp",
        "cross_entropy", "layer_norm", "rms_norm", "batch_norm"};
    if (row.elementwise && !reductions.contains(row.name)) REQUIRE(covered.contains(row.name));
  }
}

TEST_CASE("special points: maxima that tie, are infinite or NaN", "[special_points]") {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Tensor x = tensor({{2, 5, 5}, {-inf, -inf, -inf}, {-0.0, 0, 0}, {1, inf, -inf}, {1, nan, 2}},
        {.dtype = dtype, .requires_grad = true});
    const Tensor largest = x.amax({1});
    REQUIRE(equal(largest.narrow(0, 0, 4), tensor({5, -inf, 0, inf}, {.dtype = dtype})));
    REQUIRE(std::isnan(largest.at({4}).item<double>()));
    (largest * tensor({6, 3, 3, 1, 1}, {.dtype = dtype})).sum().backward();
    const Tensor shares = x.grad();
    REQUIRE(equal(
        shares.narrow(0, 0, 4), tensor({{0, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 0}}, {.dtype = dtype})));
    // As in PyTorch: nothing equals NaN, so the gradient goes to no element.
    for (int i = 0; i < 3; ++i) REQUIRE(std::isnan(shares.at({4, i}).item<double>()));
  }
}

TEST_CASE("special points: pow of two tensors, with every second derivative", "[special_points]") {
  struct Power {
    double a, e, value, a1, e1, aa, ae, ee;
  };
  const double l2 = std::log(2.0);
  const Power powers[] = {
      {2, 0, 1, 0, l2, 0, 0.5, l2 * l2},
      {0.5, 0, 1, 0, -l2, 0, 2, l2 * l2},
      {2, 1, 2, 1, 2 * l2, 0, 1 + l2, 2 * l2 * l2},
      {2, 2, 4, 4, 4 * l2, 2, 2 + 4 * l2, 4 * l2 * l2},
      {2, -1, 0.5, -0.25, 0.5 * l2, 0.25, 0.25 - 0.25 * l2, 0.5 * l2 * l2},
      {1, 0, 1, 0, 0, 0, 1, 0},
      {1, 5, 1, 5, 0, 20, 1, 0},
      {0, 2, 0, 0, 0, 2, 0, 0},
      {0, 3, 0, 0, 0, 0, 0, 0},
      {0, 0, 1, 0, 0, 0, 0, 0},
  };
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (const Power& power : powers) {
      const Tensor a = number(power.a, dtype), e = number(power.e, dtype), y = pow(a, e);
      const Tensor da = slope(y, a), de = slope(y, e);
      INFO(power.a << " to the power of " << power.e << " in " << dtype);
      CHECK(agree(power.value, y.item<double>()));
      CHECK(agree(power.a1, da.item<double>()));
      CHECK(agree(power.e1, de.item<double>()));
      CHECK(agree(power.aa, slope(da, a).item<double>()));
      CHECK(agree(power.ae, slope(da, e).item<double>()));
      CHECK(agree(power.ae, slope(de, a).item<double>()));
      CHECK(agree(power.ee, slope(de, e).item<double>()));
    }
  }
}

TEST_CASE("special points: 0 to the powers 0, 1, 2 and 3 in one tensor", "[special_points]") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Tensor a = zeros({}, {.dtype = dtype, .requires_grad = true});
    const Tensor y = pow(a, tensor({0, 1, 2, 3}, {.dtype = dtype})).sum();
    const Tensor first = slope(y, a);
    REQUIRE(first.item<double>() == 1);
    REQUIRE(slope(first, a).item<double>() == 2);
  }
  const Tensor base = tensor({2, 3}, {.dtype = DType::float64}),
               exponent = tensor({0, 2}, {.dtype = DType::float64});
  REQUIRE(autograd::gradgradcheck([](const std::vector<Tensor>& in) { return pow(in[0], in[1]); },
      {base, exponent}, {.eps = 1e-5, .atol = 1e-4}));
}

TEST_CASE("special points: with exponent 0 the gradient of every base is zero", "[special_points]") {
  for (const double base : {0.0, -0.0, 1e-310, -2.0, inf, -inf, not_a_number}) {
    INFO(base);
    const Tensor a = number(base, DType::float64), e = zeros({}, {.dtype = DType::float64});
    const Tensor y = pow(a, e);
    REQUIRE(y.item<double>() == 1);
    REQUIRE(slope(y, a).item<double>() == 0);
  }
}
