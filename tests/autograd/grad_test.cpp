// autograd::grad(), and derivatives of derivatives.
#include "../support/catch.h"

#include "../support/tensors.h"

using namespace tenon;
using test::error_of;
using test::number;
using test::value;

TEST_CASE("tape: grad() leaves .grad unchanged and runs only the nodes it needs", "[tape]") {
  const Tensor x = number(2), unused = number(5);
  int calls = 0;
  unused.register_hook([&](const Tensor&) { ++calls; });
  const Tensor y = x * x + unused * 3;
  const auto gradients = autograd::grad(y, {x});
  REQUIRE(value(gradients[0]) == 4);
  REQUIRE_FALSE(x.grad().defined());
  REQUIRE_FALSE(unused.grad().defined());
  REQUIRE(calls == 0);
}

TEST_CASE("tape: grad() of an intermediate, of itself, and of the same tensor twice", "[tape]") {
  const Tensor x = number(2);
  const Tensor middle = x * x;
  const Tensor y = middle * 3;
  const auto gradients = autograd::grad(y, {middle, x, x, y}, {.retain_graph = true});
  REQUIRE(value(gradients[0]) == 3);
  REQUIRE(value(gradients[1]) == 12);
  REQUIRE(value(gradients[2]) == 12);
  REQUIRE(value(gradients[3]) == 1);
}

TEST_CASE("tape: grad() names an input that the output does not depend on", "[tape]") {
  const Tensor x = number(2), other = ones({3}, {.requires_grad = true});
  REQUIRE(error_of([&] {
    autograd::grad(x * x, {x, other});
  }) == "grad: the output does not depend on input 1 of shape [3]; pass allow_unused to get an undefined "
        "gradient");
  REQUIRE_FALSE(autograd::grad(x * x, {other}, {.allow_unused = true})[0].defined());
  REQUIRE(
      error_of([&] { autograd::grad(x * x, {ones({2})}); }) == "grad: input 0 does not require a gradient");
}

TEST_CASE("tape: third derivatives", "[tape]") {
  const Tensor x = number(2);
  Tensor y = pow(x, 4);
  for (const double expected : {32.0, 48.0, 48.0}) {
    y = autograd::grad(y, {x}, {.create_graph = true})[0];
    REQUIRE(value(y) == Approx(expected).epsilon(1e-14));
  }
}

TEST_CASE("tape: backward with create_graph leaves a gradient that can be differentiated", "[tape]") {
  const Tensor x = number(3);
  pow(x, 3).backward({.create_graph = true});
  REQUIRE(value(x.grad()) == 27);
  const Tensor first = x.grad();
  x.zero_grad();
  first.backward();
  REQUIRE(value(x.grad()) == 18);
}

TEST_CASE("tape: a saved output serves second derivatives", "[tape]") {
  const Tensor x = number(0.5);
  const Tensor first = autograd::grad(exp(x), {x}, {.create_graph = true})[0];
  REQUIRE(value(autograd::grad(first, {x})[0]) == Approx(std::exp(0.5)).epsilon(1e-14));
}

TEST_CASE("tape: changing a returned gradient does not affect later passes") {
  const Tensor a = number(1), b = number(2);
  const Tensor taken = autograd::grad(a + 1, {a})[0];
  taken.set_requires_grad();
  REQUIRE_FALSE(autograd::grad(b * 2, {b}, {.create_graph = true})[0].requires_grad());
}

TEST_CASE("tape: grad() needs at least one input", "[tape]") {
  const Tensor x = ones({2}, {.requires_grad = true});
  REQUIRE(error_of([&] { autograd::grad((x * x).sum(), {}); }) == "grad: needs at least one input");
}

TEST_CASE("tape: grad() calls the hooks of leaves once", "[tape]") {
  const Tensor x = tensor({1, 2}, {.requires_grad = true});
  int calls = 0;
  x.register_hook([&](const Tensor& g) {
    ++calls;
    return g * 10;
  });
  REQUIRE(equal(autograd::grad((x * x + x).sum(), {x})[0], tensor({30, 50})));
  REQUIRE(calls == 1);
  REQUIRE(equal(autograd::grad(x, {x}, {.grad_output = ones({2})})[0], tensor({10, 10})));
  REQUIRE(calls == 2);
}
