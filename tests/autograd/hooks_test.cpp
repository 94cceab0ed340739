// Hooks of tensors: what they receive and may change, and passes that end with an exception.
#include <cmath>

#include "../support/catch.h"

#include "../support/tensors.h"

using namespace tenon;
using test::at_line;
using test::error_of;
using test::number;
using test::value;

TEST_CASE("tape: an exception leaves grad mode and later passes intact", "[tape]") {
  const Tensor x = number(2);
  const Tensor a = x * x, b = x * 3;
  const Tensor y = a + b;
  const HookHandle handle = [&] {
    return a.register_hook([](const Tensor&) { throw std::runtime_error("stop"); });
  }();
  REQUIRE_THROWS_AS(y.backward({.retain_graph = true}), std::runtime_error);
  REQUIRE(grad_enabled());
  HookHandle(handle).remove();
  x.zero_grad();
  y.backward();
  REQUIRE(value(x.grad()) == 7);
}

TEST_CASE("tape: hooks receive the whole gradient once, may replace it and can be removed", "[tape]") {
  const Tensor x = number(2);
  std::vector<double> seen;
  const Tensor y = x * 3;
  y.register_hook([&](const Tensor& g) { seen.push_back(value(g)); });
  HookHandle handle = y.register_hook([](const Tensor& g) { return g * 10; });
  (y + y).backward({.retain_graph = true});
  REQUIRE(seen == std::vector<double>{2});
  REQUIRE(value(x.grad()) == 60);
  handle.remove();
  handle.remove();
  x.zero_grad();
  (y + y).backward();
  REQUIRE(value(x.grad()) == 6);
  const Tensor z = x * 2;
  z.register_hook([](const Tensor&) { return ones({2}, {.dtype = DType::float64}); });
  REQUIRE(error_of([&] { z.backward(); }) ==
          "register_hook: a hook turned a gradient of shape [] and dtype float64 into [2] and float64");
}

TEST_CASE("tape: a hook may be removed after its tensor is gone", "[tape]") {
  HookHandle handle;
  {
    const Tensor x = number(1);
    handle = x.register_hook([](const Tensor&) {});
  }
  handle.remove();
}

TEST_CASE("tape: retain_grad keeps the gradient of an intermediate", "[tape]") {
  const Tensor x = number(2);
  const Tensor y = x * x;
  y.retain_grad();
  (y * 5).backward();
  REQUIRE(value(y.grad()) == 5);
  REQUIRE(value(x.grad()) == 20);
}

TEST_CASE("tape: a hook that removes itself does not keep the next from running") {
  const Tensor x = number(1);
  HookHandle self;
  self = x.register_hook([&](const Tensor&) { self.remove(); });
  x.register_hook([](const Tensor& g) { return g * 2; });
  (x * 1).backward();
  REQUIRE(value(x.grad()) == 2);
}

TEST_CASE("tape: a hook that writes into its argument is an error that names it", "[tape]") {
  const Tensor a = ones({2}, {.requires_grad = true}), b = ones({2}, {.requires_grad = true});
  const auto line = CallSite::current().line() + 1;
  const HookHandle handle = a.register_hook([](const Tensor& g) { g.mul_(100); });
  const Tensor gradient = ones({2}), sum = a + b;
  REQUIRE(test::full_error_of([&] { sum.backward(gradient); }) ==
          "register_hook: the hook of \"leaf\" at " + std::string(__FILE__) + ":" + std::to_string(line - 2) +
              " has changed the gradient that it was given, which others may share; return a new tensor "
              "instead" +
              at_line(line));
  REQUIRE_FALSE(a.grad().defined());
  REQUIRE_FALSE(b.grad().defined());
  HookHandle(handle).remove();
  for (const auto& write :
      {std::function<void(const Tensor&)>([](const Tensor& g) { g.narrow(0, 0, 1).zero_(); }),
          {[](const Tensor& g) { Tensor(g).mutable_data<float>()[0] = 3; }}}) {
    HookHandle writer = a.register_hook(write);
    REQUIRE(error_of([&] { (a * b).sum().backward(); }).starts_with("register_hook: the hook of \"leaf\""));
    REQUIRE(error_of([&] { autograd::grad((a * b).sum(), {a}); }).starts_with("register_hook: the hook of"));
    writer.remove();
  }
  (a * b).sum().backward();
  REQUIRE(equal(b.grad(), ones({2})));
}

TEST_CASE("tape: a gradient that a hook kept and wrote to is not used again", "[tape]") {
  const Tensor x = ones({2}, {.requires_grad = true});
  Tensor kept;
  x.register_hook([&](const Tensor& g) { kept = g; });
  const Tensor loss = mse_loss(x, zeros({2}));
  loss.backward({.retain_graph = true});
  kept.mul_(100);
  loss.backward({.retain_graph = true});
  REQUIRE(equal(x.grad(), tensor({2, 2})));
}

TEST_CASE("tape: a pass that throws can be run again", "[tape]") {
  const Tensor x = ones({2}, {.requires_grad = true}), y = ones({2}, {.requires_grad = true});
  const Tensor product = exp(x * y);
  bool refuse = true;
  product.register_hook([&](const Tensor&) {
    if (refuse) throw std::runtime_error("not now");
  });
  y.register_hook([&](const Tensor&) {
    if (refuse) throw std::runtime_error("not now");
  });
  const Tensor loss = product.sum() + (x * 3).sum();
  REQUIRE_THROWS_AS(loss.backward(), std::runtime_error);
  REQUIRE_FALSE(x.grad().defined());
  refuse = false;
  loss.backward();
  REQUIRE(x.grad().at({0}).item<float>() == Approx(3 + std::exp(1.0)));
}
