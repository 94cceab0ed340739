// SGD: its state, which follows the parameters.
#include "../support/catch.h"

#include <cmath>

#include "../support/snapshot.h"

using namespace tenon;
using optim::SGD;
using support::error_of;
using support::parameter;
using support::same_bits;

TEST_CASE("sgd: state goes out, comes back, and continues bit for bit") {
  const Tensor a = parameter({1, 2, 3}), b = parameter({1, 2, 3});
  SGD first({a}, {.lr = 0.1, .momentum = 0.9});
  const auto step = [](SGD& optimizer, const Tensor& p) {
    optimizer.zero_grad();
    (p * p).sum().backward();
    optimizer.step();
  };
  for (int i = 0; i < 3; ++i) step(first, a);
  const auto state = first.state_dict();
  {
    const NoGradGuard no_grad;
    b.copy_(a);
  }
  SGD second({b}, {.lr = 7});
  second.load_state_dict(state);
  REQUIRE(second.options(0).lr == 0.1);
  for (int i = 0; i < 3; ++i) {
    step(first, a);
    step(second, b);
  }
  REQUIRE(same_bits(a, b));

  SGD other({parameter({1})}, {.lr = 7});
  REQUIRE(error_of([&] { other.load_state_dict(state); }) ==
          "load_state_dict: momentum buffer 0 of group 0 is float32 [3], its parameter float32 [1]");
  REQUIRE(other.options(0).lr == 7);
  REQUIRE(error_of([&] {
    SGD({{.params = {parameter({1})}}, {.params = {parameter({1})}}}, {}).load_state_dict(state);
  }) == "load_state_dict: the state has 1 groups, the optimizer 2");
}

TEST_CASE("sgd: momentum follows a module to another dtype, and a frozen parameter is skipped") {
  nn::Linear net(3, 4);
  optim::SGD optimizer(net.parameters(), {.lr = 1, .momentum = 0.9});
  const auto step = [&](const Tensor& x) {
    optimizer.zero_grad();
    net(x).sum().backward();
    optimizer.step();
  };
  step(ones({2, 3}));
  net.to(DType::float64);
  const Tensor before = net.weight.detach().clone();
  step(ones({2, 3}, {.dtype = DType::float64}));
  REQUIRE(allclose(before - net.weight.detach(), full({4, 3}, 3.8, {.dtype = DType::float64}), 1e-6));
  const Tensor bias = net.bias.detach().clone();
  net.bias.set_requires_grad(false);
  step(ones({2, 3}, {.dtype = DType::float64}));
  REQUIRE(equal(net.bias, bias));
}

TEST_CASE("sgd: its own state can be loaded after the module took another dtype") {
  nn::Linear net(3, 4);
  SGD optimizer(net.parameters(), {.lr = 1, .momentum = 0.9});
  net(ones({2, 3})).sum().backward();
  optimizer.step();
  const optim::SGDState before = optimizer.state_dict();
  net.to(DType::float64);
  optimizer.load_state_dict(optimizer.state_dict());
  const optim::SGDState after = optimizer.state_dict();
  for (std::size_t i = 0; i < 2; ++i)
    REQUIRE(same_bits(
        after.groups[0].momentum_buffers[i], before.groups[0].momentum_buffers[i].to(DType::float64)));
  optimizer.step();
  REQUIRE(net.weight.dtype() == DType::float64);
  net.to(DType::float32);
  optimizer.load_state_dict(optimizer.state_dict());
  REQUIRE(optimizer.state_dict().groups[0].momentum_buffers[0].dtype() == DType::float32);
}

TEST_CASE("sgd: state is shared with nobody, neither given nor taken") {
  const Tensor w = parameter({8});
  SGD optimizer({w}, {.lr = 1, .momentum = 1});
  w.set_grad(ones({1}));
  optimizer.step();
  optim::SGDState state = optimizer.state_dict();
  state.groups[0].momentum_buffers[0].fill_(100);
  optimizer.step();
  REQUIRE(support::value(w) == 8 - 1 - 2);
  state.groups[0].momentum_buffers[0] = full({1}, 2, {.requires_grad = true});
  optimizer.load_state_dict(state);
  {
    const NoGradGuard no_grad;
    state.groups[0].momentum_buffers[0].fill_(100);
  }
  REQUIRE_FALSE(optimizer.state_dict().groups[0].momentum_buffers[0].requires_grad());
  optimizer.step();
  REQUIRE(support::value(w) == 5 - 3);
  REQUIRE(support::value(state.groups[0].momentum_buffers[0]) == 100);
}

TEST_CASE("sgd: a buffer of whole numbers is not momentum") {
  const Tensor w = parameter({8});
  SGD optimizer({w}, {.lr = 1, .momentum = 1});
  optim::SGDState state = optimizer.state_dict();
  state.groups[0].momentum_buffers[0] = ones({1}, {.dtype = DType::int64});
  REQUIRE(error_of([&] { optimizer.load_state_dict(state); }) ==
          "load_state_dict: momentum buffer 0 of group 0 is int64 [1], its parameter float32 [1]");
}
