// SGD: golden traces of PyTorch, groups, and what it must leave alone.
#include "../support/catch.h"

#include <cmath>
#include <fstream>

#include <nlohmann/json.hpp>

#include "../support/tensors.h"

using namespace tenon;
using optim::SGD;
using test::error_of;
using test::parameter;

TEST_CASE("sgd: PyTorch's traces") {
  std::ifstream file(TENON_SOURCE_DIR "/tests/data/sgd_traces.json");
  REQUIRE(file);
  const auto traces = nlohmann::json::parse(file);
  REQUIRE(traces.size() == 7);
  for (const auto& trace : traces) {
    const auto& options = trace[0];
    INFO(options.dump());
    const Tensor p = parameter({1, -2, 0.5});
    SGD optimizer({p}, {.lr = options.value("lr", 0.0),
                           .momentum = options.value("momentum", 0.0),
                           .dampening = options.value("dampening", 0.0),
                           .weight_decay = options.value("weight_decay", 0.0),
                           .nesterov = options.value("nesterov", false),
                           .maximize = options.value("maximize", false)});
    for (int k = 1; k <= 4; ++k) {
      p.set_grad(tensor({0.3, -0.1, 0.2}) * k);
      optimizer.step();
      for (std::size_t i = 0; i < 3; ++i) {
        const double expected = trace[1][static_cast<std::size_t>(k - 1)][i];
        REQUIRE(std::abs(p.data<float>()[i] - expected) <= 1e-6 * std::abs(expected));
      }
    }
  }
}

TEST_CASE("sgd: the experiment without random numbers, in lockstep with PyTorch") {
  struct Expected {
    double weight_decay, first_loss, loss, norm, bias;
  };
  for (const Expected& expected : {Expected{0, 0.00181667937, 5.86997885e-05, 0.500984848, 0.0477197394},
           Expected{3, 0.00173303671, 5.87099457e-05, 0.013673285, 0.0477582999}}) {
    const Tensor x = reshape(sin(arange(4000) * 0.7 + 0.3), {20, 200});
    const Tensor y = sum(x, {1}, true) * 0.01 + 0.05 + reshape(cos(arange(20)), {20, 1}) * 0.01;
    nn::Linear net(200, 1);
    {
      const NoGradGuard no_grad;
      net.weight.copy_(reshape(sin(arange(200) + 1) * 0.05, {1, 200}));
      net.bias.fill_(0.02);
    }
    SGD optimizer({{.params = {net.weight}, .weight_decay = expected.weight_decay}, {.params = {net.bias}}},
        {.lr = 0.003});
    const auto loss = [&] { return mse_loss(net(x), y).item<double>(); };
    for (int epoch = 0; epoch < 100; ++epoch) {
      for (std::int64_t start = 0; start < 20; start += 5) {
        optimizer.zero_grad();
        mse_loss(net(x.narrow(0, start, 5)), y.narrow(0, start, 5)).backward();
        optimizer.step();
      }
      if (epoch == 0) REQUIRE(loss() == Approx(expected.first_loss).epsilon(1e-4));
    }
    REQUIRE(loss() == Approx(expected.loss).epsilon(1e-4));
    REQUIRE(std::sqrt((net.weight * net.weight).sum().item<double>()) == Approx(expected.norm).epsilon(1e-4));
    REQUIRE(net.bias.item<double>() == Approx(expected.bias).epsilon(1e-4));
  }
}

TEST_CASE("sgd: what the data cannot see shrinks by (1 - lr decay) a step, and stays without decay") {
  // Rows of x span the first 20 axes; the other 180 weights get no gradient.
  const Tensor x = eye(20, 200, {}), y = ones({20, 1});
  for (const double decay : {0.0, 3.0}) {
    nn::Linear net(200, 1);
    const Tensor first = net.weight.detach().clone();
    SGD optimizer({{.params = {net.weight}, .weight_decay = decay}, {.params = {net.bias}}}, {.lr = 0.003});
    for (int step = 0; step < 400; ++step) {
      optimizer.zero_grad();
      mse_loss(net(x), y).backward();
      optimizer.step();
    }
    const double kept = std::pow(1 - 0.003 * decay, 400);
    if (decay == 3) REQUIRE(kept == Approx(0.02688).epsilon(1e-3));
    REQUIRE(allclose(net.weight.detach().narrow(1, 20, 180), first.narrow(1, 20, 180) * kept, 1e-4, 0));
  }
}

TEST_CASE("sgd: 50 steps against double, with everything on") {
  const Tensor p = parameter({0.5, -1.25, 3});
  SGD optimizer({p}, {.lr = 0.05, .momentum = 0.8, .dampening = 0.3, .weight_decay = 0.1});
  std::vector<double> w{0.5, -1.25, 3}, buffer(3);
  for (int step = 0; step < 50; ++step) {
    optimizer.zero_grad();
    (p * p * p).sum().backward();
    const Tensor gradient = p.grad().clone();
    optimizer.step();
    REQUIRE(bitwise_equal(p.grad(), gradient));
    for (std::size_t i = 0; i < 3; ++i) {
      const double g = 3 * w[i] * w[i] + 0.1 * w[i];
      buffer[i] = step == 0 ? g : 0.8 * buffer[i] + 0.7 * g;
      w[i] -= 0.05 * buffer[i];
      if (std::abs(w[i]) > 1e3) return;  // a cubic runs away; by then enough steps have agreed
      REQUIRE(p.data<float>()[i] == Approx(w[i]).epsilon(1e-3));
    }
  }
}

TEST_CASE("sgd: a parameter without a gradient is left alone") {
  const Tensor with = parameter({1, 2}), without = parameter({3, 4});
  SGD optimizer({with, without}, {.lr = 0.1, .momentum = 0.9, .weight_decay = 1});
  with.sum().backward();
  optimizer.step();
  REQUIRE(equal(without, tensor({3, 4})));
  REQUIRE_FALSE(equal(with, tensor({1, 2})));
  REQUIRE(optimizer.state_dict()[0].first == "state.0.momentum_buffer");
  REQUIRE(optimizer.state_dict()[1].first == "param_groups.0.params");
}

TEST_CASE("sgd: groups follow the defaults where they say nothing") {
  const Tensor a = parameter({1}), b = parameter({1}), c = parameter({1});
  SGD optimizer(
      {{.params = {a}}, {.params = {b}, .lr = 0.5, .weight_decay = 0.0}, {.params = {c}, .maximize = true}},
      {.lr = 0.1, .weight_decay = 2});
  for (const Tensor& p : {a, b, c}) p.set_grad(tensor({1}));
  optimizer.step();
  REQUIRE(a.item<double>() == Approx(1 - 0.1 * (1 + 2)));
  REQUIRE(b.item<double>() == Approx(1 - 0.5));
  REQUIRE(c.item<double>() == Approx(1 - 0.1 * (-1 + 2)));
  REQUIRE(optimizer.options(1).lr == 0.5);
  REQUIRE(optimizer.options(1).weight_decay == 0);
  REQUIRE(optimizer.options(2).maximize);
  optimizer.set_lr(0.25);
  REQUIRE(optimizer.options(1).lr == 0.25);
  optimizer.set_lr(2, 0.125);
  REQUIRE(optimizer.options(2).lr == 0.125);
  REQUIRE(optimizer.options(0).lr == 0.25);
  REQUIRE(optimizer.params(1)[0].is_same(b));
}

TEST_CASE("sgd: one group in braces, and many parameters at once") {
  const Tensor w = parameter({1, 2});
  SGD single({{.params = {w}}}, {.lr = 1});
  REQUIRE(single.group_count() == 1);
  std::vector<Tensor> many;
  for (int i = 0; i < 40; ++i) many.push_back(full({i + 1}, 1, {.requires_grad = true}));
  SGD optimizer(many, {.lr = 1});
  for (const Tensor& p : many) p.set_grad(full(p.shape(), 0.25));
  optimizer.step();
  for (const Tensor& p : many) REQUIRE(equal(p, full(p.shape(), 0.75)));
}

TEST_CASE("sgd: a step counts as a write, so that a graph of the old weights fails") {
  const Tensor w = parameter({1, 2});
  SGD optimizer({w}, {.lr = 1});
  const Tensor loss = (w * w).sum();
  w.set_grad(ones({2}));
  optimizer.step();
  REQUIRE_FALSE(error_of([&] { loss.backward(); }).empty());
}
