// What fused steps share, seen through an optimizer with three entries of state per parameter.
#include "moments.h"

#include "../support/catch.h"
#include "../support/snapshot.h"

using namespace tenon;
using test::bitwise_equal;
using test::error_of;
using test::Moments;
using test::parameter;

namespace {

void learn(optim::Optimizer& optimizer, const std::vector<Tensor>& params) {
  optimizer.zero_grad();
  for (const Tensor& w : params) (w * w).sum().backward();
  optimizer.step();
}

}  // namespace

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
