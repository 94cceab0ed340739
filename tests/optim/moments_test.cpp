// What fused steps share, seen through an optimizer with three entries of state per parameter.
#include "moments.h"

#include <algorithm>

#include "../support/catch.h"
#include "../support/snapshot.h"
#include "learn.h"

using namespace tenon;
using test::bitwise_equal;
using test::error_of;
using test::learn;
using test::Moments;
using test::parameter;

TEST_CASE("moments: every parameter with a gradient takes a step and counts it") {
  const Tensor a = parameter({4, -8}), b = parameter({2}), frozen = tensor({1});
  Moments optimizer({{.params = {a, frozen}}, {.params = {b}}}, {.lr = 1});
  learn(optimizer, {a, b});
  REQUIRE(equal(a, tensor({3, -7})));
  REQUIRE(equal(b, tensor({1})));
  learn(optimizer, {a});
  REQUIRE(a.version() == 2);
  REQUIRE(b.version() == 1);
  REQUIRE(frozen.version() == 0);
  StateDict state = optimizer.state_dict();
  REQUIRE(test::entry(state, "state.0.step").item<std::int64_t>() == 2);
  REQUIRE(test::entry(state, "state.2.step").item<std::int64_t>() == 1);
  REQUIRE(equal(test::entry(state, "state.0.exp_avg"), tensor({(8 / 2. + 6) / 2, (-16 / 2. - 14) / 2})));
  REQUIRE(equal(test::entry(state, "state.2.exp_avg_sq"), tensor({8})));
}

TEST_CASE("moments: a step that is refused changes nothing") {
  const Tensor a = parameter({4}), b = tensor({2.0}, {.dtype = DType::float64, .requires_grad = true});
  Moments mixed({{.params = {a, b}}});
  a.set_grad(ones({1}));
  b.set_grad(ones({1}, {.dtype = DType::float64}));
  const test::Snapshot before({a, b});
  const StateDict state = mixed.state_dict();
  REQUIRE(error_of([&] { mixed.step(); }) ==
          "step: parameters differ in kind; float32 on cpu, and float64 on cpu");
  REQUIRE(before.holds());
  REQUIRE(bitwise_equal(mixed.state_dict(), state));
  REQUIRE(error_of([&] { mixed.set_lr(1e300); }) ==
          "set_lr: lr must be finite in float32, the dtype of the parameters; group 0 has 1e+300");
}

TEST_CASE("moments: saved, loaded into a fresh one, the steps are those of a run without interruption") {
  const std::vector<Tensor> through{parameter({1, -2}), parameter({3})};
  Moments first({{.params = through}});
  for (int i = 0; i < 3; ++i) learn(first, through);
  std::vector<Tensor> resumed;
  for (const Tensor& w : through) resumed.push_back(w.detach().clone().set_requires_grad());
  Moments second({{.params = resumed}}, {.lr = 7});
  second.load_state_dict(first.state_dict());
  REQUIRE(bitwise_equal(second.state_dict(), first.state_dict()));
  for (int i = 0; i < 3; ++i) {
    learn(first, through);
    learn(second, resumed);
    REQUIRE(bitwise_equal(resumed, through));
  }
}

TEST_CASE("moments: a parameter has all entries of its state or none") {
  const Tensor a = parameter({1, 2}), never = parameter({3}), b = parameter({4});
  Moments optimizer({{.params = {a, never, b}}});
  const StateDict start = optimizer.state_dict();
  REQUIRE(test::names(start) == std::vector<std::string>{"param_groups.0.params", "param_groups.0.lr"});
  learn(optimizer, {a, b});
  const StateDict whole = optimizer.state_dict();
  REQUIRE(test::names(whole) == std::vector<std::string>{"state.0.step", "state.0.exp_avg",
                                    "state.0.exp_avg_sq", "state.2.step", "state.2.exp_avg",
                                    "state.2.exp_avg_sq", "param_groups.0.params", "param_groups.0.lr"});
  const auto without = [&](std::initializer_list<std::string_view> names) {
    StateDict state = whole;
    test::entry(state, "param_groups.0.lr") = tensor(7, {.dtype = DType::float64});
    std::erase_if(
        state, [&](const auto& entry) { return std::ranges::find(names, entry.first) != names.end(); });
    return state;
  };
  const auto refused = [&](const StateDict& state) {
    const std::string text = error_of([&] { optimizer.load_state_dict(state); });
    REQUIRE(bitwise_equal(optimizer.state_dict(), whole));
    return text;
  };
  REQUIRE(refused(without({"state.2.exp_avg_sq"})) == "load_state_dict: \"state.2.exp_avg_sq\" is missing");
  REQUIRE(refused(without({"state.0.step"})) == "load_state_dict: \"state.0.step\" is missing");
  REQUIRE(refused(without({"state.0.exp_avg", "state.0.exp_avg_sq"})) ==
          "load_state_dict: \"state.0.exp_avg\" is missing; \"state.0.exp_avg_sq\" is missing");
  optimizer.load_state_dict(without({"state.0.step", "state.0.exp_avg", "state.0.exp_avg_sq"}));
  REQUIRE(optimizer.state_dict()[0].first == "state.2.step");
  REQUIRE(optimizer.lr(0) == 7);
  optimizer.load_state_dict(start);
  REQUIRE(bitwise_equal(optimizer.state_dict(), start));
  learn(optimizer, {a});
  REQUIRE(optimizer.state_dict()[0].second.item<std::int64_t>() == 1);
}

TEST_CASE("moments: the entries of parameter 1 are not taken for those of parameter 10") {
  std::vector<Tensor> params;
  for (int i = 0; i < 11; ++i) params.push_back(parameter({1}));
  Moments optimizer({{.params = params}});
  learn(optimizer, {params[10]});
  const StateDict state = optimizer.state_dict();
  Moments other({{.params = params}});
  other.load_state_dict(state);
  REQUIRE(bitwise_equal(other.state_dict(), state));
}
