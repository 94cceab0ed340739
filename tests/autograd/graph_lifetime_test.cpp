// Lifetime of the graph, and its use from several threads.
#include "../support/catch.h"

#include <atomic>
#include <thread>

#include "../support/tensors.h"

using namespace tenon;
using test::at_line;
using test::error_of;
using test::number;
using test::value;

TEST_CASE("tape: using a released graph is an error that says so", "[tape]") {
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

TEST_CASE("tape: a million operations run and are freed without recursion", "[tape][one_thread]") {
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

TEST_CASE("tape: different graphs in different threads", "[tape][threads]") {
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
  REQUIRE(
      text.ends_with(" is part of another pass that is still running; run the passes one after the other"));
  handle.remove();
  x.zero_grad();
  y.backward();
  REQUIRE(x.grad().data<float>()[0] == 2);
}

TEST_CASE("tape: a graph without saved tensors can run again", "[tape]") {
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

TEST_CASE("tape: grad() in several threads may share a leaf", "[tape][threads]") {
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
