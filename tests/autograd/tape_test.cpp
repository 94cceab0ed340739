// The tape: accumulation, release, versions, hooks, graphs of graphs, anomalies, threads.
#include "../support/catch.h"

#include <atomic>
#include <limits>
#include <thread>

#include <tenon/autograd/tape/node.h>
#include <tenon/autograd/tape/record.h>

#include "../support/tensors.h"

using namespace tenon;
using test::at_line;
using test::error_of;
using test::number;
using test::value;

TEST_CASE("tape: a diamond adds up both ways", "[tape]") {
  const Tensor x = number(3);
  const Tensor y = x * x;
  (y * y + y).backward();
  REQUIRE(value(x.grad()) == 4 * 27 + 2 * 3);
}

TEST_CASE("tape: gradients accumulate over passes until they are dropped", "[tape]") {
  const Tensor x = number(2);
  for (int i = 1; i <= 3; ++i) {
    (x * x).backward();
    REQUIRE(value(x.grad()) == 4.0 * i);
  }
  x.zero_grad();
  REQUIRE_FALSE(x.grad().defined());
}

TEST_CASE("tape: an earlier gradient that someone holds is not overwritten", "[tape]") {
  const Tensor x = number(2);
  (x * x).backward();
  const Tensor held = x.grad();
  (x * x).backward();
  REQUIRE(value(held) == 4);
  REQUIRE(value(x.grad()) == 8);
}

TEST_CASE("tape: gradients never share memory with the upstream gradient or each other", "[tape]") {
  const Tensor a = number(1), b = number(2), upstream = tensor(1.0, {.dtype = DType::float64});
  (a + b).backward(upstream);
  a.grad().fill_(7);
  REQUIRE(value(b.grad()) == 1);
  REQUIRE(value(upstream) == 1);
}

TEST_CASE("tape: a released graph says so", "[tape]") {
  const Tensor x = number(2);
  const auto line = CallSite::current().line() + 1;
  const Tensor y = x * x;
  y.backward({.retain_graph = true});
  y.backward();
  REQUIRE(value(x.grad()) == 8);
  REQUIRE(test::full_error_of([&] {
    y.backward();
  }) == "backward: the graph through \"mul\" was already released; pass retain_graph to the first backward" +
              at_line(line));
}

TEST_CASE("tape: what a root must be", "[tape]") {
  REQUIRE(error_of([] { ones({2}).backward(); }) ==
          "backward: the tensor does not depend on any that requires a gradient");
  const Tensor x = ones({2, 3}, {.requires_grad = true});
  REQUIRE(error_of([&] { (x * 2).backward(); }) ==
          "backward: a tensor of shape [2, 3] needs a gradient of its own; pass one, or reduce it to one "
          "element");
  REQUIRE(error_of([&] {
    (x * 2).backward(ones({3, 2}));
  }) == "backward: the gradient is [3, 2], the tensor [2, 3]");
  REQUIRE(error_of([&] {
    (x * 2).backward(ones({2, 3}, {.dtype = DType::float64}));
  }) == "backward: the gradient is float64 on cpu, the tensor float32 on cpu");
  REQUIRE_FALSE(x.grad().defined());
  REQUIRE(error_of([] { Tensor().backward(); }) ==
          "backward: the tensor does not depend on any that requires a gradient");
}

TEST_CASE("tape: grad() leaves .grad alone and runs no more than it needs", "[tape]") {
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

TEST_CASE("tape: grad() names an input that does not matter", "[tape]") {
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

TEST_CASE("tape: a saved input that changed is an error that names the op and both versions", "[tape]") {
  const Tensor w = ones({3}, {.requires_grad = true});
  const Tensor square = w * w;
  {
    const NoGradGuard no_grad;
    w.mul_(2);
  }
  REQUIRE(error_of([&] { square.sum().backward(); }) ==
          "backward: a tensor of shape [3] that was saved for \"mul\" has been modified in place since; it "
          "is at version 1, saved at version 0");
  REQUIRE_FALSE(w.grad().defined());
  REQUIRE(error_of([&] {
    const Tensor y = exp(w);
    y.detach().zero_();
    y.sum().backward();
  }).find("has been modified in place since") != std::string::npos);
}

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

TEST_CASE("tape: hooks see the whole gradient once, may replace it, and go", "[tape]") {
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

TEST_CASE("tape: a hook outlives nothing", "[tape]") {
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

TEST_CASE("tape: a conversion of dtype passes the gradient back in the dtype of the input", "[tape]") {
  const Tensor x = tensor({1.5, -2.25}, {.dtype = DType::float64, .requires_grad = true});
  const Tensor y = x.to(DType::float32) * 3;
  const Tensor gradient =
      autograd::grad(y, {x}, {.grad_output = tensor({1.0, 0.5}), .create_graph = true})[0];
  REQUIRE(equal(gradient, tensor({3.0, 1.5}, {.dtype = DType::float64})));
  REQUIRE_FALSE(x.to(DType::int64).requires_grad());
}

TEST_CASE("tape: guards nest and restore", "[tape]") {
  const Tensor x = number(2);
  {
    const NoGradGuard no_grad;
    REQUIRE_FALSE((x * x).requires_grad());
    {
      const EnableGradGuard enable;
      REQUIRE((x * x).requires_grad());
    }
    REQUIRE_FALSE((x * x).requires_grad());
  }
  REQUIRE((x * x).requires_grad());
  REQUIRE_FALSE(x.detach().requires_grad());
}

TEST_CASE("tape: the anomaly mode names the line of the operation that made a NaN", "[tape]") {
  const Tensor x = tensor({0.0, 1.0}, {.dtype = DType::float64, .requires_grad = true});
  const AnomalyGuard anomaly;
  const auto line = CallSite::current().line() + 1;
  REQUIRE(test::full_error_of([&] { log(x - 1); }) ==
          "anomaly mode: \"log\" made a NaN; the result has shape [2]" + at_line(line));
  const Tensor root = sqrt(x * 0);
  const std::string text = test::full_error_of([&] { (root * 0).sum().backward(); });
  REQUIRE(text == "anomaly mode: the gradient of \"sqrt\" made a NaN" + at_line(line + 2));
}

TEST_CASE("tape: operators know their line", "[tape]") {
  const Tensor x = number(2);
  const auto line = CallSite::current().line() + 1;
  const Tensor y = x * 2 + x;
  REQUIRE(autograd::node_of(y)->site.line() == line);
  REQUIRE(std::string(autograd::node_of(y)->name) == "add");
}

TEST_CASE("tape: a million operations run and are freed without recursion", "[tape]") {
  Tensor x = number(1);
  const Tensor leaf = x;
  for (int i = 0; i < 1'000'000; ++i) x = x * 1.0;
  x.backward();
  REQUIRE(value(leaf.grad()) == 1);
  Tensor saved = leaf;
  for (int i = 0; i < 200'000; ++i) saved = saved * leaf;
  saved = Tensor();
}

TEST_CASE("tape: a graph is freed with its last tensor", "[tape]") {
  std::atomic<int> alive = 0;
  static float values[] = {1, 2, 3};
  {
    ++alive;
    const Tensor x = from_blob(values, {3}, {}, [&](void*) { --alive; });
    const Tensor w = ones({3}, {.requires_grad = true});
    Tensor y = (x * w).sum();
    const Tensor view = y.reshape({1});
    y.backward({.create_graph = true});
    w.zero_grad();
  }
  REQUIRE(alive == 0);
}

TEST_CASE("tape: a wrong pullback of a user's own operation is found by shape", "[tape]") {
  const Tensor x = ones({3}, {.requires_grad = true});
  const auto record_double = [&] {
    return autograd::record("double", CallSite::current(), x.detach() * 2,
        autograd::Input(x, [](const Tensor& g) { return g.sum(); }));
  };
  REQUIRE(error_of([&] { record_double().sum().backward(); }) ==
          "backward: \"double\" gave \"leaf\" a gradient of shape [] and dtype float32; expected [3] and "
          "float32");
}

TEST_CASE("tape: set_requires_grad, set_grad and set_data check", "[tape]") {
  const Tensor x = ones({2}, {.requires_grad = true});
  const Tensor y = x * 2;
  REQUIRE(error_of([&] {
    y.set_requires_grad(false);
  }) == "set_requires_grad: the tensor is the result of \"mul\"; only a leaf can change, detach() it first");
  REQUIRE(error_of([&] { ones({2}, {.dtype = DType::int64}).set_requires_grad(); }) ==
          "set_requires_grad: only floating-point tensors have gradients; the dtype is int64");
  REQUIRE(error_of([&] { x.set_grad(ones({3})); }) == "set_grad: the gradient is [3], the tensor [2]");
  REQUIRE(
      error_of([&] { ones({2}).set_grad(ones({2})); }) == "set_grad: the tensor does not require a gradient");
  REQUIRE(error_of([&] { x.set_data(ones({3})); }) == "set_data: shapes differ; [2] and [3]");
  const Tensor handle = x;
  x.set_data(full({2}, 5));
  REQUIRE(handle.data<float>()[0] == 5);
  REQUIRE(error_of([&] { y.sum().backward(); }).empty());  // mul by a number saved nothing
}

TEST_CASE("tape: distinct graphs in distinct threads", "[tape][threads]") {
  const Tensor input = ones({64});
  std::vector<std::thread> threads;
  std::vector<double> results(4);
  for (std::size_t i = 0; i < results.size(); ++i)
    threads.emplace_back([&, i] {
      const Tensor w = full({64}, static_cast<double>(i), {.requires_grad = true});
      for (int step = 0; step < 200; ++step) {
        w.zero_grad();
        (w * input * w).sum().backward();
      }
      results[i] = w.grad().sum().item<double>();
    });
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < results.size(); ++i) REQUIRE(results[i] == 128.0 * static_cast<double>(i));
}

TEST_CASE("tape: a graph may be made in one thread and freed in another", "[tape][threads]") {
  Tensor y;
  std::thread([&] { y = (ones({16}, {.requires_grad = true}) * 2).sum(); }).join();
  y.backward();
  y = Tensor();
}

TEST_CASE("tape: two passes over one graph at once are an error, not a race", "[tape][threads]") {
  const Tensor x = ones({8}, {.requires_grad = true});
  const Tensor shared = x * x;
  const Tensor y = shared.sum();
  std::atomic<bool> inside = false, leave = false;
  HookHandle handle = shared.register_hook([&](const Tensor&) {
    inside = true;
    while (!leave) std::this_thread::yield();
  });
  std::thread first([&] { y.backward({.retain_graph = true}); });
  while (!inside) std::this_thread::yield();
  const std::string text = error_of([&] { y.backward({.retain_graph = true}); });
  leave = true;
  first.join();
  REQUIRE(text.starts_with("backward: \"mul\" at "));
  REQUIRE(text.ends_with(" is part of another pass that still runs; run the passes one after the other"));
  handle.remove();
  x.zero_grad();
  y.backward();
  REQUIRE(x.grad().data<float>()[0] == 2);
}

TEST_CASE("tape: dot draws every node", "[tape]") {
  const Tensor x = ones({2}, {.requires_grad = true});
  const std::string text = autograd::dot((x * x).sum());
  REQUIRE(text.starts_with("digraph tape {\n"));
  REQUIRE(text.find("sum\\n[]\\ntape_test.cpp:") != text.npos);
  REQUIRE(text.find("  n1 -> n2;\n  n1 -> n2;\n") != text.npos);
  REQUIRE(text.find("leaf\\n[2]") != text.npos);
}

TEST_CASE("tape: a hook that removes itself does not hide the next") {
  const Tensor x = number(1);
  HookHandle self;
  self = x.register_hook([&](const Tensor&) { self.remove(); });
  x.register_hook([](const Tensor& g) { return g * 2; });
  (x * 1).backward();
  REQUIRE(value(x.grad()) == 2);
}

TEST_CASE("tape: a gradient that was handed out belongs to its owner") {
  const Tensor a = number(1), b = number(2);
  const Tensor taken = autograd::grad(a + 1, {a})[0];
  taken.set_requires_grad();
  REQUIRE_FALSE(autograd::grad(b * 2, {b}, {.create_graph = true})[0].requires_grad());
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

TEST_CASE("tape: a tensor cannot own itself as its gradient", "[tape]") {
  const std::string text =
      "set_grad: the gradient depends on the tensor, which would then own itself; detach() it first";
  const Tensor x = ones({2}, {.requires_grad = true});
  REQUIRE(error_of([&] { x.set_grad(x); }) == text);
  REQUIRE(error_of([&] { x.set_grad(x * 2); }) == text);
  REQUIRE(error_of([&] { x.set_grad(x.reshape({2})); }) == text);
  const Tensor y = x * 2;
  REQUIRE(error_of([&] { y.set_grad(exp(y)); }) == text);
  REQUIRE_FALSE(x.grad().defined());
  x.set_grad((x * 2).detach());
  const Tensor other = ones({2}, {.requires_grad = true});
  other.set_grad(x);
  REQUIRE(equal(x.grad(), tensor({2, 2})));
}

TEST_CASE("tape: a graph that saved nothing can run again", "[tape]") {
  const Tensor x = ones({2}, {.requires_grad = true});
  const Tensor y = (2 * (x + 1) - x).sum();
  y.backward();
  y.backward();
  REQUIRE(equal(x.grad(), tensor({2, 2})));
  const Tensor z = (x * x + x).sum();
  z.backward();
  REQUIRE(
      error_of([&] { z.backward(); }).find("was already released; pass retain_graph") != std::string::npos);
  REQUIRE(equal(x.grad(), tensor({5, 5})));
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

TEST_CASE("tape: set_requires_grad on a result that needs a gradient already does nothing", "[tape]") {
  const Tensor x = ones({2}, {.requires_grad = true});
  const Tensor y = x * 2;
  y.set_requires_grad();
  y.set_requires_grad(true);
  REQUIRE_FALSE(y.is_leaf());
  y.sum().backward();
  REQUIRE(equal(x.grad(), tensor({2, 2})));
  REQUIRE(error_of([&] {
    y.set_requires_grad(false);
  }).starts_with("set_requires_grad: the tensor is the result"));
}

TEST_CASE("tape: grad() takes at least one input", "[tape]") {
  const Tensor x = ones({2}, {.requires_grad = true});
  REQUIRE(error_of([&] { autograd::grad((x * x).sum(), {}); }) == "grad: needs at least one input");
}

TEST_CASE("tape: grad() calls the hooks of leaves, and once", "[tape]") {
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

TEST_CASE("tape: grad() of several threads may share a leaf", "[tape][threads]") {
  const Tensor x = tensor({1, 2, 3}, {.requires_grad = true});
  std::atomic<int> wrong = 0, failed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      try {
        for (int k = 0; k < 2000; ++k) {
          const Tensor y = (x * i + x * x + x).sum();
          wrong += !equal(autograd::grad(y, {x})[0], tensor({3.0 + i, 5.0 + i, 7.0 + i}));
        }
      } catch (const Error&) { ++failed; }
    });
  for (std::thread& thread : threads) thread.join();
  REQUIRE(failed == 0);
  REQUIRE(wrong == 0);
  REQUIRE_FALSE(x.grad().defined());
}
