// autograd::grad(), and derivatives of derivatives.
#include <cmath>

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
  }) == "grad: no output depends on input 1 of shape [3]; pass allow_unused to get an undefined gradient");
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
  REQUIRE(equal(autograd::grad(x, {x}, {.grad_outputs = {ones({2})}})[0], tensor({10, 10})));
  REQUIRE(calls == 2);
}

TEST_CASE("tape: grad() of several outputs is the gradient of their sum", "[tape]") {
  const Tensor x = tensor({1, 2}, {.requires_grad = true}), other = number(7);
  const Tensor square = x * x, inner = square.sum(), outer = inner * inner;
  const std::vector<Tensor> outputs{outer, inner, square, inner};  // each below the one before, one twice
  const Tensor g = tensor({10, 100});
  const auto found = autograd::grad(
      outputs, {x, square}, {.grad_outputs = {Tensor(), tensor(3), g, Tensor()}, .retain_graph = true});
  // d outer / d square = 2 inner = 10, the two of inner add 3 and 1.
  REQUIRE(equal(found[1], tensor({24, 114})));
  REQUIRE(equal(found[0], tensor({24, 114}) * 2 * x));
  REQUIRE(equal(g, tensor({10, 100})));
  REQUIRE_FALSE(x.grad().defined());
  REQUIRE(equal(autograd::grad({inner, other * other}, {x}, {.retain_graph = true})[0], 2 * x));
  REQUIRE(value(autograd::grad({inner, other * other}, {other}, {.retain_graph = true})[0]) == 14);
  const auto second = autograd::grad({inner, outer}, {x}, {.create_graph = true})[0];
  REQUIRE(equal(autograd::grad(second.sum(), {x})[0], 2 + 4 * inner + 8 * x * x.sum()));

  REQUIRE(error_of([&] { autograd::grad(std::vector<Tensor>{}, {x}); }) ==
          "grad: needs at least one tensor to begin with");
  REQUIRE(error_of([&] {
    autograd::grad({inner, outer}, {x}, {.grad_outputs = {g}});
  }) == "grad: there are 2 tensors and 1 gradients; give one for each, or none");
  REQUIRE(error_of([&] {
    autograd::grad({inner, square}, {x});
  }) == "grad: a tensor of shape [2] has no implicit gradient; pass one, or reduce it to one element");
  REQUIRE(error_of([&] {
    autograd::grad({inner, outer}, {x, other});
  }) == "grad: no output depends on input 1 of shape []; pass allow_unused to get an undefined gradient");
}

TEST_CASE("tape: backward() of several tensors is one pass", "[tape]") {
  const Tensor x = number(3), y = x * x;
  int calls = 0;
  y.register_hook([&](const Tensor&) { ++calls; });
  autograd::backward({y * 2, y * 5});  // two passes would need retain_graph for x * x
  REQUIRE(value(x.grad()) == 42);
  REQUIRE(calls == 1);
  REQUIRE(error_of([&] { y.backward(); }).find("was already released") != std::string::npos);
  const Tensor pair = tensor({1, 2}, {.requires_grad = true});
  autograd::backward({pair, pair * pair, x * 1}, {tensor({5, 6}), tensor({1, 1}), Tensor()});
  REQUIRE(equal(pair.grad(), tensor({7, 10})));
  REQUIRE(value(x.grad()) == 43);
  REQUIRE(error_of([] { autograd::backward({}); }) == "backward: needs at least one tensor to begin with");
  REQUIRE(error_of([&] {
    autograd::backward({x * 1, number(1) * 1}, {tensor(1), tensor(1), tensor(1)});
  }) == "backward: there are 2 tensors and 3 gradients; give one for each, or none");
}

TEST_CASE("tape: backward() of inputs accumulates their gradients only", "[tape]") {
  const Tensor a = number(2), b = number(3), unused = number(4);
  const Tensor product = a * b, root = product * product;
  product.retain_grad();
  root.backward({.retain_graph = true, .inputs = {a}});
  REQUIRE(value(a.grad()) == 36);
  REQUIRE_FALSE(b.grad().defined());
  REQUIRE_FALSE(product.grad().defined());
  root.backward({.retain_graph = true, .inputs = {a, product, a, unused}});
  REQUIRE(value(a.grad()) == 72);
  REQUIRE(value(product.grad()) == 12);
  REQUIRE_FALSE(unused.grad().defined());
  const std::vector<Tensor> list{b};
  root.backward(number(2).detach(), {.create_graph = true, .inputs = list});
  REQUIRE(value(b.grad()) == 48);
  REQUIRE(value(autograd::grad(b.grad(), {a})[0]) == 48);  // of 2 * 2 a^2 b
  b.zero_grad();                                           // its gradient's graph contains b
  REQUIRE_NOTHROW(root.backward({.inputs = {root}}));
  REQUIRE(value(root.grad()) == 1);

  REQUIRE(error_of([&] { (a * 1).backward({.inputs = std::vector<Tensor>{}}); }) ==
          "backward: needs at least one input");
  REQUIRE(error_of([&] {
    (a * 1).backward({.inputs = {a, tensor(1)}});
  }) == "backward: input 1 does not require a gradient");
}

TEST_CASE("tape: a pass of inputs that fails changes no gradient, and can be run again", "[tape]") {
  const Tensor a = number(2), b = number(3);
  const Tensor product = a * b;
  bool fails = true;
  a.register_hook([&](const Tensor&) {
    if (fails) throw std::runtime_error("hook");
  });
  const auto pass = [&] { autograd::backward({product, product * b}, {}, {.inputs = {b, a}}); };
  REQUIRE_THROWS_WITH(pass(), "hook");
  REQUIRE_FALSE(b.grad().defined());
  fails = false;
  pass();
  REQUIRE(value(a.grad()) == 12);
  REQUIRE(value(b.grad()) == 14);
}
