// SGD: what it takes and what it refuses.
#include "../support/catch.h"

#include <cmath>

#include "../support/device.h"
#include "../support/snapshot.h"

using namespace tenon;
using optim::SGD;
using test::error_of;
using test::parameter;

TEST_CASE("sgd: what it refuses") {
  const Tensor w = parameter({1, 2}), v = parameter({3});
  REQUIRE(error_of([&] {
    SGD({{.params = {w}}, {.params = {v, w}}}, {});
  }) == "sgd: parameter 1 of group 1, of shape [2], is also parameter 0 of group 0");
  REQUIRE(error_of([&] { SGD({{.params = {w}}, {.params = {}}}, {}); }) == "sgd: group 1 has no parameters");
  REQUIRE(error_of([&] { SGD(std::vector<optim::SGDParamGroup>{}, {}); }) ==
          "sgd: needs at least one group of parameters");
  REQUIRE(error_of([&] { SGD({w}, {.lr = -1}); }) ==
          "sgd: lr must not be negative and must be finite; group 0 has -1");
  REQUIRE(error_of([&] { SGD({{.params = {w}, .weight_decay = NAN}}, {}); }) ==
          "sgd: weight_decay must not be negative and must be finite; group 0 has nan");
  REQUIRE(error_of([&] { SGD({w}, {.momentum = -0.1}); }) ==
          "sgd: momentum must not be negative and must be finite; group 0 has -0.1");
  REQUIRE(error_of([&] { SGD({w}, {.nesterov = true}); }) ==
          "sgd: nesterov needs momentum and no dampening; group 0 has momentum 0 and dampening 0");
  REQUIRE(error_of([&] { SGD({w}, {.momentum = 0.9, .dampening = 0.1, .nesterov = true}); }) ==
          "sgd: nesterov needs momentum and no dampening; group 0 has momentum 0.9 and dampening 0.1");
  REQUIRE(error_of([&] { SGD({w * 2}, {}); }) ==
          "sgd: parameter 0 of group 0, of shape [2], is the result of an operation; pass the leaf it was "
          "computed from");
  REQUIRE(error_of([&] {
    SGD({w, ones({2}, {.dtype = DType::int64})}, {});
  }) == "sgd: parameter 1 of group 0, of shape [2], must hold floating-point numbers; the dtype is int64");
  REQUIRE(error_of([&] { SGD({Tensor()}, {}); }) == "sgd: parameter 0 of group 0 is undefined");
  const Tensor d = tensor({1.0}, {.dtype = DType::float64, .requires_grad = true});
  SGD mixed({w, d}, {.lr = 0.1, .momentum = 0.9});
  w.set_grad(ones({2}));
  d.set_grad(ones({1}, {.dtype = DType::float64}));
  REQUIRE(error_of([&] { mixed.step(); }) ==
          "step: parameters differ in kind; float32 on cpu, and float64 on cpu");
  REQUIRE(equal(w, tensor({1, 2})));
}

TEST_CASE("sgd: a method names itself, and what it refuses changes nothing") {
  const Tensor w = parameter({1, 2}), v = parameter({3});
  SGD optimizer({{.params = {w}, .lr = 0.5}, {.params = {v}}}, {.lr = 0.25, .momentum = 0.5});
  REQUIRE(error_of([&] { optimizer.set_lr(-1); }) ==
          "set_lr: lr must not be negative and must be finite; group 0 has -1");
  REQUIRE(error_of([&] { optimizer.set_lr(1, -1); }) ==
          "set_lr: lr must not be negative and must be finite; group 1 has -1");
  REQUIRE(error_of([&] { optimizer.set_options(1, {.weight_decay = INFINITY}); }) ==
          "set_options: weight_decay must not be negative and must be finite; group 1 has inf");
  REQUIRE(error_of([&] { optimizer.set_options(1, {.momentum = 0.5, .dampening = NAN}); }) ==
          "set_options: dampening must be finite; group 1 has nan");
  REQUIRE(error_of([&] { optimizer.set_options(0, {.nesterov = true}); }) ==
          "set_options: nesterov needs momentum and no dampening; group 0 has momentum 0 and dampening 0");
  REQUIRE(
      error_of([&] { optimizer.set_options(2, {}); }) == "set_options: group 2 does not exist; there are 2");
  REQUIRE(error_of([&] { optimizer.set_lr(2, 1); }) == "set_lr: group 2 does not exist; there are 2");
  REQUIRE(error_of([&] { optimizer.options(2); }) == "options: group 2 does not exist; there are 2");
  REQUIRE(error_of([&] { optimizer.lr(2); }) == "lr: group 2 does not exist; there are 2");
  REQUIRE(error_of([&] { optimizer.params(3); }) == "params: group 3 does not exist; there are 2");
  StateDict state = optimizer.state_dict();
  test::entry(state, "param_groups.1.lr").fill_(-2);
  REQUIRE(error_of([&] { optimizer.load_state_dict(state); }) ==
          "load_state_dict: lr must not be negative and must be finite; group 1 has -2");
  REQUIRE(optimizer.options(0).lr == 0.5);
  REQUIRE(optimizer.options(1).lr == 0.25);
  REQUIRE(optimizer.options(1).momentum == 0.5);
}

TEST_CASE("sgd: rates must be finite in the dtype of the parameters") {
  const Tensor w = parameter({1, 2});
  const Tensor d = tensor({1.0}, {.dtype = DType::float64, .requires_grad = true});
  const auto refused = [](const char* rate) {
    return std::string(rate) + " must be finite in float32, the dtype of the parameters; group ";
  };
  REQUIRE(error_of([&] { SGD({w}, {.lr = 1e300}); }) == "sgd: " + refused("lr") + "0 has 1e+300");
  REQUIRE(error_of([&] { SGD({w}, {.momentum = 1e39}); }) == "sgd: " + refused("momentum") + "0 has 1e+39");
  REQUIRE(error_of([&] { SGD({w}, {.momentum = 0.5, .dampening = -1e300}); }) ==
          "sgd: " + refused("dampening") + "0 has -1e+300");
  REQUIRE(error_of([&] { SGD({w}, {.weight_decay = 1e300}); }) ==
          "sgd: " + refused("weight_decay") + "0 has 1e+300");
  SGD optimizer({{.params = {d}}, {.params = {w}}}, {.lr = 0.5});
  REQUIRE(error_of([&] { optimizer.set_lr(1e300); }) == "set_lr: " + refused("lr") + "1 has 1e+300");
  REQUIRE(optimizer.options(0).lr == 0.5);
  REQUIRE(error_of([&] { optimizer.set_options(1, {.weight_decay = 1e300}); }) ==
          "set_options: " + refused("weight_decay") + "1 has 1e+300");
  StateDict state = optimizer.state_dict();
  test::entry(state, "param_groups.1.lr").fill_(1e300);
  REQUIRE(error_of([&] { optimizer.load_state_dict(state); }) ==
          "load_state_dict: " + refused("lr") + "1 has 1e+300");
  optimizer.set_lr(1, 3e38);
  optimizer.set_lr(0, 0x1p1000);  // float64 holds it
  d.set_grad(full({1}, 0x1p-1000, {.dtype = DType::float64}));
  optimizer.step();
  REQUIRE(test::value(d) == 0);
}

TEST_CASE("sgd: a rate that only float64 holds is found when the module has become float32") {
  nn::Linear net(2, 1, {.dtype = DType::float64});
  SGD optimizer(net.parameters(), {.lr = 1e300, .momentum = 0.5});
  net(zeros({1, 2}, {.dtype = DType::float64})).sum().backward();
  net.to(DType::float32);
  const test::Snapshot before(net.parameters());
  REQUIRE(error_of([&] { optimizer.step(); }) ==
          "step: lr must be finite in float32, the dtype of the parameters; group 0 has 1e+300");
  REQUIRE(before.holds());
  REQUIRE(optimizer.state_dict()[0].first == "param_groups.0.params");  // no momentum
  optimizer.set_lr(0.5);
  optimizer.step();
  REQUIRE_FALSE(before.holds());
}

TEST_CASE("sgd: a frozen parameter is taken, left alone, and trained once it is no longer frozen") {
  const Tensor frozen = tensor({1, 2}), trained = parameter({3});
  SGD optimizer({frozen, trained}, {.lr = 0.5, .momentum = 0.5, .weight_decay = 1});
  trained.set_grad(ones({1}));
  optimizer.zero_grad();
  trained.set_grad(ones({1}));
  optimizer.step();
  REQUIRE(equal(frozen, tensor({1, 2})));
  REQUIRE(frozen.version() == 0);
  REQUIRE(equal(trained, tensor({1})));
  REQUIRE(optimizer.state_dict()[0].first == "state.1.momentum_buffer");
  frozen.set_requires_grad();
  frozen.set_grad(ones({2}));
  optimizer.step();
  REQUIRE(equal(frozen, tensor({0, 0.5})));
  SGD idle({tensor({1})}, {.lr = 1});
  idle.step();
}

TEST_CASE("sgd: it moves and does not copy") {
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<SGD>);
  STATIC_REQUIRE_FALSE(std::is_copy_assignable_v<SGD>);
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<SGD>);
  STATIC_REQUIRE(std::is_nothrow_move_assignable_v<SGD>);
  const Tensor w = parameter({8}), v = parameter({1});
  SGD first({w}, {.lr = 1, .momentum = 1});
  w.set_grad(ones({1}));
  first.step();
  SGD second = std::move(first);
  second.step();
  REQUIRE(test::value(w) == 8 - 1 - 2);
  const std::string moved_from = ": the optimizer was moved from; use the one that it was moved to";
  REQUIRE(error_of([&] { first.step(); }) == "step" + moved_from);
  REQUIRE(error_of([&] { first.zero_grad(); }) == "zero_grad" + moved_from);
  REQUIRE(error_of([&] { first.set_lr(1); }) == "set_lr" + moved_from);
  REQUIRE(error_of([&] { first.state_dict(); }) == "state_dict" + moved_from);
  REQUIRE(error_of([&] { first.load_state_dict({}); }) == "load_state_dict" + moved_from);
  REQUIRE(error_of([&] { first.params(0); }) == "params: group 0 does not exist; there are 0");
  REQUIRE(w.grad().defined());
  first = SGD({v}, {.lr = 1});
  v.set_grad(ones({1}));
  first.step();
  REQUIRE(test::value(v) == 0);
  second = std::move(first);
  REQUIRE(second.params(0)[0].is_same(v));
}

TEST_CASE("sgd: many parameters are found distinct without comparing each with each") {
  const std::size_t count = test::thorough ? 200000 : 20000;  // the former would take minutes
  std::vector<Tensor> many;
  for (std::size_t i = 0; i < count; ++i) many.push_back(zeros({}));
  REQUIRE(SGD(many, {}).params(0).size() == count);
  many.push_back(many[7]);
  REQUIRE(error_of([&] { SGD(many, {}); }) == "sgd: parameter " + std::to_string(count) +
                                                  " of group 0, of shape [], is also parameter 7 of group 0");
}
