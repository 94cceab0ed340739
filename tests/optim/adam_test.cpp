// Adam and AdamW: golden traces of LibTorch, groups, state, and what is refused.
#include <cmath>
#include <fstream>

#include <nlohmann/json.hpp>

#include "../support/catch.h"
#include "../support/snapshot.h"
#include "../support/tensors.h"
#include "learn.h"

using namespace tenon;
using optim::Adam;
using optim::AdamW;
using test::bitwise_equal;
using test::error_of;
using test::learn;
using test::parameter;

namespace {

constexpr Options wide = {.dtype = DType::float64};

}  // namespace

TEST_CASE("adam: LibTorch's traces") {
  std::ifstream file(TENON_SOURCE_DIR "/tests/data/adam_traces.json");
  REQUIRE(file);
  const auto traces = nlohmann::json::parse(file);
  REQUIRE(traces.size() == 5);
  for (const auto& trace : traces) {
    const auto& options = trace[0];
    INFO(options.dump());
    const double lr = options["lr"], eps = options["eps"], weight_decay = options["weight_decay"];
    const std::pair<double, double> betas{options["beta1"], options["beta2"]};
    const Tensor p = tensor({1, -2, 0.5}, wide).set_requires_grad();
    std::unique_ptr<optim::Optimizer> optimizer;
    if (options["kind"] == "adam")
      optimizer = std::make_unique<Adam>(std::vector{p},
          optim::AdamOptions{.lr = lr, .betas = betas, .eps = eps, .weight_decay = weight_decay});
    else
      optimizer = std::make_unique<AdamW>(std::vector{p},
          optim::AdamWOptions{.lr = lr, .betas = betas, .eps = eps, .weight_decay = weight_decay});
    for (int k = 1; k <= 6; ++k) {
      p.set_grad(tensor({0.3, -0.1, 0.2}, wide) * ((k % 3 - 1.5) * k));
      optimizer->step();
      for (std::size_t i = 0; i < 3; ++i) {
        const double expected = trace[1][static_cast<std::size_t>(k - 1)][i];
        REQUIRE(std::abs(p.data<double>()[i] - expected) <= 1e-13 * std::abs(expected));
      }
    }
  }
}

TEST_CASE("adam: each group has its own options, and the defaults are PyTorch's") {
  const Tensor a = parameter({1}), b = parameter({1}), c = parameter({1}), frozen = tensor({1});
  Adam optimizer({{.params = {a, frozen}}, {.params = {b}, .lr = 0.5, .betas = {{0.5, 0.9}}}}, {.lr = 0.25});
  REQUIRE(optimizer.options(0).betas == std::pair{0.9, 0.999});
  REQUIRE(optimizer.options(0).weight_decay == 0);
  REQUIRE(optimizer.lr(1) == 0.5);
  REQUIRE(AdamW({c}).options(0).weight_decay == 1e-2);
  REQUIRE(AdamW({c}).options(0).lr == 1e-3);
  learn(optimizer, {a, b});  // the first step has the size of the learning rate
  REQUIRE(a.item<double>() == Approx(0.75).epsilon(1e-6));
  REQUIRE(b.item<double>() == Approx(0.5).epsilon(1e-6));
  REQUIRE(frozen.version() == 0);
}

TEST_CASE("adam: the decay of AdamW does not depend on the gradient") {
  const Tensor a = parameter({2}), b = parameter({2});
  Adam coupled({a}, {.lr = 0.1, .weight_decay = 0.5});
  AdamW decoupled({b}, {.lr = 0.1, .weight_decay = 0.5});
  for (const Tensor& w : {a, b}) w.set_grad(zeros({1}));
  coupled.step();
  decoupled.step();
  REQUIRE(a.item<double>() == Approx(1.9));  // a step of full size, in the direction of the decay
  REQUIRE(b.item<double>() == Approx(1.9));  // 2 (1 - 0.1 0.5)
  coupled.set_lr(0);
  decoupled.set_lr(0.2);
  for (const Tensor& w : {a, b}) w.set_grad(zeros({1}));
  coupled.step();
  decoupled.step();
  REQUIRE(a.item<double>() == Approx(1.9));
  REQUIRE(b.item<double>() == Approx(1.9 * 0.9));
}

TEST_CASE("adam: saved, loaded into a fresh one, the steps are those of a run without interruption") {
  const std::vector<Tensor> through{parameter({1, -2}), parameter({3})};
  AdamW first(through, {.lr = 0.1});
  for (int i = 0; i < 3; ++i) learn(first, through);
  const StateDict state = first.state_dict();
  REQUIRE(test::names(state) == std::vector<std::string>{"state.0.step", "state.0.exp_avg",
                                    "state.0.exp_avg_sq", "state.1.step", "state.1.exp_avg",
                                    "state.1.exp_avg_sq", "param_groups.0.params", "param_groups.0.lr",
                                    "param_groups.0.betas.0", "param_groups.0.betas.1", "param_groups.0.eps",
                                    "param_groups.0.weight_decay", "param_groups.0.amsgrad",
                                    "param_groups.0.maximize", "param_groups.0.decoupled_weight_decay"});
  std::vector<Tensor> resumed;
  for (const Tensor& w : through) resumed.push_back(w.detach().clone().set_requires_grad());
  AdamW second(resumed);
  second.load_state_dict(state);
  for (int i = 0; i < 3; ++i) {
    learn(first, through);
    learn(second, resumed);
    REQUIRE(bitwise_equal(resumed, through));
  }
}

TEST_CASE("adam: options that are no options are refused before anything changes") {
  const Tensor w = parameter({1});
  REQUIRE(error_of([&] { Adam({w}, {.lr = -1}); }) ==
          "adam: lr must not be negative and must be finite; group 0 has -1");
  REQUIRE(error_of([&] {
    AdamW({w}, {.betas = {0.9, 1}});
  }) == "adamw: betas[1] must be in [0, 1); group 0 has 1");
  REQUIRE(error_of([&] {
    Adam({w}, {.betas = {NAN, 0}});
  }) == "adam: betas[0] must be in [0, 1); group 0 has nan");
  REQUIRE(error_of([&] { Adam({{.params = {w}, .eps = -1e-8}}); }) ==
          "adam: eps must not be negative and must be finite; group 0 has -1e-08");
  Adam optimizer({w});
  w.set_grad(ones({1}));
  REQUIRE(error_of([&] { optimizer.set_lr(1e300); }) ==
          "set_lr: lr must be finite in float32, the dtype of the parameters; group 0 has 1e+300");
  REQUIRE(optimizer.lr(0) == 1e-3);
}
