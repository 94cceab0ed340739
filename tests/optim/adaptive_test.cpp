// RMSprop, Adagrad and amsgrad: groups, state, and what they refuse. traces_test.cpp has their steps.
#include <cmath>
#include <memory>

#include "../support/catch.h"
#include "../support/snapshot.h"
#include "../support/tensors.h"
#include "learn.h"

using namespace tenon;
using optim::Adagrad;
using optim::Adam;
using optim::RMSprop;
using test::bitwise_equal;
using test::error_of;
using test::learn;
using test::parameter;

namespace {

/// An optimizer with every tensor of state that its kind can have.
using Make = std::unique_ptr<optim::Optimizer> (*)(std::vector<Tensor>);
const Make makes[] = {
    [](std::vector<Tensor> params) -> std::unique_ptr<optim::Optimizer> {
      return std::make_unique<Adam>(std::move(params), optim::AdamOptions{.lr = 0.1, .amsgrad = true});
    },
    [](std::vector<Tensor> params) -> std::unique_ptr<optim::Optimizer> {
      return std::make_unique<RMSprop>(
          std::move(params), optim::RMSpropOptions{.lr = 0.1, .momentum = 0.5, .centered = true});
    },
    [](std::vector<Tensor> params) -> std::unique_ptr<optim::Optimizer> {
      return std::make_unique<Adagrad>(
          std::move(params), optim::AdagradOptions{.lr = 0.1, .initial_accumulator_value = 0.5});
    },
};

}  // namespace

TEST_CASE("adaptive: each group has its own options, and the defaults are PyTorch's") {
  const Tensor a = parameter({1}), b = parameter({1}), frozen = tensor({1});
  RMSprop rmsprop({{.params = {a, frozen}}, {.params = {b}, .lr = 0.5, .alpha = 0.75}}, {.lr = 0.25});
  REQUIRE(rmsprop.options(0).alpha == 0.99);
  REQUIRE(rmsprop.options(0).eps == 1e-8);
  REQUIRE(RMSprop({a}).options(0).lr == 1e-2);
  REQUIRE(RMSprop({a}, 0.5).options(0).lr == 0.5);
  for (const Tensor& w : {a, b}) w.set_grad(full({1}, 2));
  rmsprop.step();  // lr g / sqrt((1 - alpha) g^2)
  REQUIRE(a.item<double>() == Approx(1 - 0.25 / 0.1));
  REQUIRE(b.item<double>() == Approx(1 - 0.5 / 0.5));
  REQUIRE(frozen.version() == 0);
  REQUIRE(rmsprop.momentum(0) == 0);
  rmsprop.set_momentum(0.5);
  REQUIRE(rmsprop.options(1).momentum == 0.5);

  const Tensor c = parameter({1}), d = parameter({1});
  Adagrad adagrad({{.params = {c}}, {.params = {d}, .initial_accumulator_value = 12}}, {.lr = 1});
  REQUIRE(Adagrad({c}).options(0).lr == 1e-2);
  REQUIRE(Adagrad({c}).options(0).eps == 1e-10);
  for (const Tensor& w : {c, d}) w.set_grad(full({1}, 2));
  adagrad.step();
  REQUIRE(c.item<double>() == 0);  // lr g / sqrt(g^2)
  REQUIRE(d.item<double>() == 0.5);
  REQUIRE_FALSE(adagrad.momentum(0).has_value());
  REQUIRE_FALSE(Adam({c}).options(0).amsgrad);
}

TEST_CASE("adaptive: the states have PyTorch's names, and only those tensors that the options need") {
  const auto state_of = [](const auto& options) {
    const Tensor w = parameter({1});
    using Options = std::decay_t<decltype(options)>;
    using Optimizer = std::conditional_t<std::is_same_v<Options, optim::RMSpropOptions>, RMSprop,
        std::conditional_t<std::is_same_v<Options, optim::AdamOptions>, Adam, Adagrad>>;
    Optimizer optimizer({w}, options);
    REQUIRE(optimizer.state_dict()[0].first == "param_groups.0.params");
    learn(optimizer, {w});
    std::string names;
    for (const std::string& name : test::names(optimizer.state_dict())) names += name + " ";
    return names.substr(0, names.find("param_groups.0.params"));
  };
  REQUIRE(state_of(optim::RMSpropOptions{}) == "state.0.step state.0.square_avg ");
  REQUIRE(state_of(optim::RMSpropOptions{.momentum = 0.5, .centered = true}) ==
          "state.0.step state.0.square_avg state.0.momentum_buffer state.0.grad_avg ");
  REQUIRE(state_of(optim::AdagradOptions{}) == "state.0.step state.0.sum ");
  REQUIRE(state_of(optim::AdamOptions{}) == "state.0.step state.0.exp_avg state.0.exp_avg_sq ");
  REQUIRE(state_of(optim::AdamOptions{.amsgrad = true}) ==
          "state.0.step state.0.exp_avg state.0.exp_avg_sq state.0.max_exp_avg_sq ");
}

TEST_CASE("adaptive: saved, loaded into a fresh one, the steps are those of a run without interruption") {
  for (const Make make : makes) {
    const std::vector<Tensor> through{parameter({1, -2}), parameter({3})};
    const auto first = make(through);
    for (int i = 0; i < 3; ++i) learn(*first, through);
    const StateDict state = first->state_dict();
    std::vector<Tensor> resumed;
    for (const Tensor& w : through) resumed.push_back(w.detach().clone().set_requires_grad());
    const auto second = make(resumed);
    second->load_state_dict(state);
    REQUIRE(bitwise_equal(second->state_dict(), state));
    for (int i = 0; i < 3; ++i) {
      learn(*first, through);
      learn(*second, resumed);
      REQUIRE(bitwise_equal(resumed, through));
    }
  }
}

TEST_CASE("adaptive: an option that needs a tensor of state can be switched on later") {
  const Tensor w = parameter({2}), same = parameter({2});
  Adam plain({w}, {.lr = 0.1}), fresh({same}, {.lr = 0.1});
  for (const auto& [optimizer, param] : {std::pair{&plain, w}, {&fresh, same}}) learn(*optimizer, {param});
  optim::AdamOptions options = plain.options(0);
  options.amsgrad = true;
  plain.set_options(0, options);
  const StateDict before = plain.state_dict();  // says amsgrad, and has no max_exp_avg_sq yet
  fresh.load_state_dict(before);
  REQUIRE(bitwise_equal(fresh.state_dict(), before));
  for (const auto& [optimizer, param] : {std::pair{&plain, w}, {&fresh, same}}) learn(*optimizer, {param});
  StateDict after = plain.state_dict();
  REQUIRE(equal(test::entry(after, "state.0.max_exp_avg_sq"), test::entry(after, "state.0.exp_avg_sq")));
  REQUIRE(bitwise_equal(fresh.state_dict(), after));
}

TEST_CASE("adaptive: a state is converted to the dtype of its parameter, and what does not fit is refused") {
  for (const Make make : makes) {
    const Tensor w = parameter({1, -2});
    const auto optimizer = make({w});
    learn(*optimizer, {w});
    const StateDict state = optimizer->state_dict();
    const Tensor wide = tensor({1., -2.}, {.dtype = DType::float64, .requires_grad = true});
    const auto other = make({wide});
    other->load_state_dict(state);
    REQUIRE(other->state_dict()[1].second.dtype() == DType::float64);
    learn(*other, {wide});
    // Every tensor of the state in turn has the wrong shape.
    for (std::size_t i = 1; i < state.size() && state[i].first.starts_with("state."); ++i) {
      StateDict wrong = state;
      wrong[i].second = ones({3});
      REQUIRE(error_of([&] { optimizer->load_state_dict(wrong); }) ==
              "load_state_dict: \"" + state[i].first + "\" is float32 [3], its parameter float32 [2]");
      REQUIRE(bitwise_equal(optimizer->state_dict(), state));
    }
    StateDict missing = state;
    missing.erase(missing.begin() + 1);
    REQUIRE(error_of([&] { optimizer->load_state_dict(missing); }) ==
            "load_state_dict: \"" + state[1].first + "\" is missing");
    // After the parameter has moved to another dtype.
    w.zero_grad();
    w.set_data(w.detach().to(DType::float64));
    learn(*optimizer, {w});
    REQUIRE(optimizer->state_dict()[1].second.dtype() == DType::float64);
  }
}

TEST_CASE("adaptive: options that are no options are refused before anything changes") {
  const Tensor w = parameter({1});
  const auto refused = [](const char* text, double value) {
    return std::string(text) + " must not be negative and must be finite; group 0 has " +
           (std::isnan(value) ? "nan" : "-1");
  };
  REQUIRE(error_of([&] { RMSprop({w}, {.lr = -1}); }) == refused("rmsprop: lr", -1));
  REQUIRE(error_of([&] { RMSprop({w}, {.alpha = NAN}); }) == refused("rmsprop: alpha", NAN));
  REQUIRE(error_of([&] { RMSprop({w}, {.eps = -1}); }) == refused("rmsprop: eps", -1));
  REQUIRE(error_of([&] { RMSprop({w}, {.weight_decay = -1}); }) == refused("rmsprop: weight_decay", -1));
  REQUIRE(error_of([&] { RMSprop({w}, {.momentum = -1}); }) == refused("rmsprop: momentum", -1));
  REQUIRE(error_of([&] { Adagrad({w}, {.lr = NAN}); }) == refused("adagrad: lr", NAN));
  REQUIRE(error_of([&] { Adagrad({w}, {.lr_decay = -1}); }) == refused("adagrad: lr_decay", -1));
  REQUIRE(error_of([&] { Adagrad({w}, {.weight_decay = -1}); }) == refused("adagrad: weight_decay", -1));
  REQUIRE(error_of([&] { Adagrad({w}, {.initial_accumulator_value = -1}); }) ==
          refused("adagrad: initial_accumulator_value", -1));
  REQUIRE(error_of([&] { Adagrad({w}, {.eps = -1}); }) == refused("adagrad: eps", -1));
  for (const Make make : makes) {
    const auto optimizer = make({w});
    const StateDict before = optimizer->state_dict();
    REQUIRE(error_of([&] { optimizer->set_lr(1e300); }) ==
            "set_lr: lr must be finite in float32, the dtype of the parameters; group 0 has 1e+300");
    REQUIRE(bitwise_equal(optimizer->state_dict(), before));
  }
}

TEST_CASE("adaptive: a step that is refused changes nothing") {
  for (const Make make : makes) {
    const Tensor a = parameter({4}), b = tensor({2.0}, {.dtype = DType::float64, .requires_grad = true});
    const auto mixed = make({a, b});
    a.set_grad(ones({1}));
    b.set_grad(ones({1}, {.dtype = DType::float64}));
    const test::Snapshot before({a, b});
    const StateDict state = mixed->state_dict();
    REQUIRE(error_of([&] { mixed->step(); }) ==
            "step: parameters differ in kind; float32 on cpu, and float64 on cpu");
    REQUIRE(before.holds());
    REQUIRE(bitwise_equal(mixed->state_dict(), state));
  }
}

TEST_CASE("adaptive: centered with constant gradients is finite, although the variance is zero") {
  const Tensor w = parameter({1, 1, 1});
  RMSprop optimizer({w}, {.lr = 1e-3, .alpha = 0, .eps = 1, .centered = true});
  for (int i = 0; i < 5; ++i) {
    w.set_grad(tensor({0.1, 0.3, 1e10}));
    optimizer.step();
  }
  REQUIRE(isfinite(w).to(DType::float32).sum().item<double>() == 3);
}
