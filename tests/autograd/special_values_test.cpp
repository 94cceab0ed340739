// Operations and gradients at zeros, infinities and NaN.
#include "../support/catch.h"

#include <cmath>
#include <limits>

#include "../support/tensors.h"

using namespace tenon;
using test::error_of;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
const double not_a_number = std::nan("");

Tensor flags(const std::vector<std::int64_t>& values) {
  return tensor(values, Shape{static_cast<std::int64_t>(values.size())}).to(DType::boolean);
}

}  // namespace

TEST_CASE("pow: scalar and tensor exponents give the same bits, and C's special values") {
  const double values[] = {0, 1, 2, 3, 0.5, 2.5, 7, 1e30, 1e-30, inf, not_a_number};
  for (const DType dtype : {DType::float32, DType::float64})
    for (const double x : values)
      for (const double y : values)
        for (const double a : {x, -x})
          for (const double b : {y, -y}) {
            const Tensor base = tensor(a, {.dtype = dtype}), exponent = tensor(b, {.dtype = dtype});
            const Tensor one = pow(base, b), other = pow(base, exponent);
            INFO(a << " to the power of " << b << " in " << dtype);
            REQUIRE(bitwise_equal(one, other));
            const double want = dtype == DType::float32
                                    ? std::pow(static_cast<float>(a), static_cast<float>(b))
                                    : std::pow(a, b);
            if (want == 0 || !std::isfinite(want) || std::abs(want) == 1)
              REQUIRE(bitwise_equal(one, tensor(want, {.dtype = dtype})));
          }
}

TEST_CASE("pow: gradients of square roots at special values") {
  Tensor x = tensor({4.0, 0.0, inf}, {.requires_grad = true});
  pow(x, 0.5).sum().backward();
  REQUIRE(bitwise_equal(x.grad(), tensor({0.25, inf, 0.0})));
}

TEST_CASE("relu: the gradient passes where the input is NaN, and not at 0") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    Tensor x = tensor({not_a_number, -not_a_number, 0.0, -0.0, 2.0, -2.0, inf, -inf},
        {.dtype = dtype, .requires_grad = true});
    relu(x).backward(full({8}, 3, {.dtype = dtype}));
    REQUIRE(equal(x.grad(), tensor({3, 3, 0, 0, 3, 0, 3, 0}, {.dtype = dtype})));
  }
}

TEST_CASE("isnan, isinf, isfinite: floating point, integers and booleans") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Tensor x = tensor({0.0, -1.5, inf, -inf, not_a_number}, {.dtype = dtype, .requires_grad = true});
    REQUIRE(equal(isnan(x), flags({0, 0, 0, 0, 1})));
    REQUIRE(equal(isinf(x), flags({0, 0, 1, 1, 0})));
    REQUIRE(equal(isfinite(x), flags({1, 1, 0, 0, 0})));
  }
  for (const DType dtype : {DType::int64, DType::boolean}) {
    const Tensor x = tensor({0, 1}, {.dtype = dtype});
    REQUIRE(equal(isnan(x), flags({0, 0})));
    REQUIRE(equal(isinf(x), flags({0, 0})));
    REQUIRE(equal(isfinite(x), flags({1, 1})));
  }
}

TEST_CASE("logical operations: a number is true if it is not 0, and so is NaN") {
  for (const DType dtype : {DType::float32, DType::float64, DType::int64, DType::boolean}) {
    const bool whole = !is_floating_point(dtype);
    const Tensor a = tensor({0.0, -0.0, 1.0, whole ? 1.0 : 0.5}, {.dtype = DType::float64}).to(dtype),
                 b = tensor({0.0, 1.0, 0.0, whole ? 1.0 : not_a_number}, {.dtype = DType::float64}).to(dtype);
    REQUIRE(equal(logical_and(a, b), flags({0, 0, 0, 1})));
    REQUIRE(equal(logical_or(a, b), flags({0, 1, 1, 1})));
    REQUIRE(equal(logical_xor(a, b), flags({0, 1, 1, 0})));
    REQUIRE(equal(logical_not(b), flags({1, 0, 1, 0})));
    REQUIRE(equal(logical_and(a.reshape({4, 1}), b).select(0, 3), flags({0, 1, 0, 1})));
  }
}

TEST_CASE("nan_to_num: the limits of the dtype, or what the caller asks for") {
  Tensor x = tensor({not_a_number, inf, -inf, 2.0}, {.requires_grad = true});
  const double largest = std::numeric_limits<float>::max();
  REQUIRE(equal(nan_to_num(x), tensor({0.0, largest, -largest, 2.0})));
  const Tensor y = nan_to_num(x, 3, 4, 5);
  REQUIRE(equal(y, tensor({3, 4, 5, 2})));
  y.backward(full({4}, 7));
  REQUIRE(equal(x.grad(), tensor({0, 0, 0, 7})));
  REQUIRE(nan_to_num(tensor(inf, {.dtype = DType::float64})).item<double>() ==
          std::numeric_limits<double>::max());
}

TEST_CASE("lerp: the ends are exact, whatever their size") {
  const Tensor a = tensor({1e30, -3.0, 0.1}), b = tensor({1.0, 1e-30, 0.7});
  REQUIRE(bitwise_equal(lerp(a, b, 0), a));
  REQUIRE(bitwise_equal(lerp(a, b, 1), b));
  REQUIRE(bitwise_equal(lerp(a, b, ones({3})), b));
}

TEST_CASE("clamp: the gradient passes at both bounds, and not where the input is NaN") {
  Tensor x = tensor({not_a_number, -1.0, 2.0, -1.5, 2.5, 0.0, inf, -inf}, {.requires_grad = true});
  const Tensor y = clamp(x, -1, 2);
  REQUIRE(bitwise_equal(y.detach(), tensor({not_a_number, -1.0, 2.0, -1.0, 2.0, 0.0, 2.0, -1.0})));
  y.backward(full({8}, 3));
  REQUIRE(equal(x.grad(), tensor({0, 3, 3, 0, 0, 3, 0, 0})));
  REQUIRE(error_of([&] { clamp(x, not_a_number, 1); }) ==
          "clamp: the bounds must be in order; they are nan and 1");
  REQUIRE(error_of([&] { clamp(x, 0, -not_a_number); }) ==
          "clamp: the bounds must be in order; they are 0 and nan");
  REQUIRE(error_of([&] { clamp(x, 2, 1); }) == "clamp: the bounds must be in order; they are 2 and 1");
}
