// SGD: its state, which follows the parameters.
#include "../support/catch.h"

#include <cmath>

#include "../support/snapshot.h"

using namespace tenon;
using optim::SGD;
using test::bitwise_equal;
using test::error_of;
using test::parameter;

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
  REQUIRE(bitwise_equal(a, b));
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
  StateDict before = optimizer.state_dict();
  net.to(DType::float64);
  optimizer.load_state_dict(optimizer.state_dict());
  StateDict after = optimizer.state_dict();
  for (const char* name : {"state.0.momentum_buffer", "state.1.momentum_buffer"})
    REQUIRE(bitwise_equal(test::entry(after, name), test::entry(before, name).to(DType::float64)));
  optimizer.step();
  REQUIRE(net.weight.dtype() == DType::float64);
  net.to(DType::float32);
  optimizer.load_state_dict(optimizer.state_dict());
  REQUIRE(optimizer.state_dict()[0].second.dtype() == DType::float32);
}

TEST_CASE("sgd: state is shared with nobody, neither given nor taken") {
  const Tensor w = parameter({8});
  SGD optimizer({w}, {.lr = 1, .momentum = 1});
  w.set_grad(ones({1}));
  optimizer.step();
  StateDict state = optimizer.state_dict();
  state[0].second.fill_(100);
  optimizer.step();
  REQUIRE(test::value(w) == 8 - 1 - 2);
  state[0].second = full({1}, 2, {.requires_grad = true});
  optimizer.load_state_dict(state);
  {
    const NoGradGuard no_grad;
    state[0].second.fill_(100);
  }
  REQUIRE_FALSE(optimizer.state_dict()[0].second.requires_grad());
  optimizer.step();
  REQUIRE(test::value(w) == 5 - 3);
  REQUIRE(test::value(state[0].second) == 100);
}

TEST_CASE("sgd: the state under PyTorch's names, numbers as 0-dimensional tensors") {
  const Tensor a = parameter({1, 2}), b = parameter({3}), c = parameter({4});
  SGD optimizer({{.params = {a}}, {.params = {b, c}, .lr = 0.1, .nesterov = true}},
      {.lr = 1e-3, .momentum = 0.9, .weight_decay = 0.5});
  a.set_grad(tensor({0.25, -1}));
  c.set_grad(tensor({0}));
  optimizer.step();
  StateDict state = optimizer.state_dict();
  std::vector<std::string> expected{"state.0.momentum_buffer", "state.2.momentum_buffer"};
  for (const std::string group : {"param_groups.0.", "param_groups.1."})
    for (const char* name : {"params", "lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize"})
      expected.push_back(group + name);
  REQUIRE(test::names(state) == expected);
  REQUIRE(equal(test::entry(state, "state.0.momentum_buffer"), tensor({0.75, 0})));
  REQUIRE(equal(test::entry(state, "param_groups.1.params"), tensor({1, 2}, {.dtype = DType::int64})));
  const Tensor lr = test::entry(state, "param_groups.1.lr");
  REQUIRE((lr.dim() == 0 && lr.dtype() == DType::float64 && lr.item<double>() == 0.1));
  const Tensor nesterov = test::entry(state, "param_groups.1.nesterov");
  REQUIRE((nesterov.dim() == 0 && nesterov.dtype() == DType::boolean && nesterov.item<bool>()));
  REQUIRE_FALSE(test::entry(state, "param_groups.0.nesterov").item<bool>());
}

TEST_CASE("sgd: what cannot be loaded is named, all at once, and nothing changes") {
  const Tensor a = parameter({1, 2}), b = parameter({3});
  SGD optimizer({{.params = {a}}, {.params = {b}}}, {.lr = 0.5, .momentum = 0.9});
  for (const Tensor& param : {a, b}) param.set_grad(ones(param.shape()));
  optimizer.step();
  const StateDict before = optimizer.state_dict();
  const auto refused = [&](const StateDict& state) {
    const std::string text = error_of([&] { optimizer.load_state_dict(state); });
    REQUIRE(bitwise_equal(optimizer.state_dict(), before));
    REQUIRE(text.starts_with("load_state_dict: "));
    return text.substr(17);
  };
  StateDict state = optimizer.state_dict();
  test::entry(state, "param_groups.0.lr").fill_(7);
  state[0].first = "state.0.momentum";
  test::entry(state, "state.1.momentum_buffer") = ones({4});
  test::entry(state, "param_groups.1.lr") = tensor(0.5);
  test::entry(state, "param_groups.1.momentum") = Tensor();
  state.pop_back();
  REQUIRE(refused(state) ==
          "\"state.0.momentum\" is not in the optimizer; \"state.0.momentum_buffer\" is missing; "
          "\"state.1.momentum_buffer\" is float32 [4], its parameter float32 [1]; \"param_groups.1.lr\" is "
          "float32 [], the optimizer has float64 []; "
          "\"param_groups.1.momentum\" is undefined; \"param_groups.1.maximize\" is missing");
  state = optimizer.state_dict();
  state.push_back(state[0]);
  REQUIRE(refused(state) == "\"state.0.momentum_buffer\" is given twice");
  state = optimizer.state_dict();
  state[0].second = ones({2}, {.dtype = DType::int64});
  REQUIRE(refused(state) == "\"state.0.momentum_buffer\" is int64 [2], its parameter float32 [2]");
}

TEST_CASE("sgd: the groups of a state must be those of the optimizer") {
  const Tensor a = parameter({1}), b = parameter({2}), c = parameter({3});
  SGD saved({{.params = {a}}, {.params = {b, c}}}, {.lr = 0.5});
  SGD other({{.params = {a, b}}, {.params = {c}}}, {.lr = 7});
  REQUIRE(error_of([&] { other.load_state_dict(saved.state_dict()); }) ==
          "load_state_dict: \"param_groups.0.params\" is int64 [1], the optimizer has int64 [2]; "
          "\"param_groups.1.params\" is int64 [2], the optimizer has int64 [1]");
  StateDict state = saved.state_dict();
  test::entry(state, "param_groups.1.params").fill_(0);
  REQUIRE(error_of([&] { saved.load_state_dict(state); }) ==
          "load_state_dict: \"param_groups.1.params\" must list the parameters from 1 to 2");
  const std::string text = error_of([&] { SGD({a, b, c}, {}).load_state_dict(saved.state_dict()); });
  REQUIRE(text.find("\"param_groups.1.lr\" is not in the optimizer") != text.npos);
  REQUIRE(other.lr(0) == 7);
}

TEST_CASE("sgd: momentum that a state does not have is dropped") {
  const Tensor w = parameter({8});
  SGD optimizer({w}, {.lr = 1, .momentum = 1});
  const StateDict start = optimizer.state_dict();
  w.set_grad(ones({1}));
  optimizer.step();
  optimizer.load_state_dict(start);
  REQUIRE(bitwise_equal(optimizer.state_dict(), start));
  optimizer.step();
  REQUIRE(test::value(w) == 8 - 1 - 1);
}
