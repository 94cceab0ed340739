// What optimizers share, seen through one that is not part of the library.
#include <memory>

#include "../support/catch.h"
#include "../support/snapshot.h"

using namespace tenon;
using test::bitwise_equal;
using test::error_of;
using test::parameter;

namespace {

struct SignOptions {
  double lr = 0.5;
  std::int64_t warmup = 0;  // steps at a tenth of the rate
  bool ascend = false;
};
struct SignParamGroup {
  std::vector<Tensor> params;
  std::optional<double> lr{};
};
struct SignState {
  std::int64_t step = 0;
  Tensor last_sign;
};

/// w = w - lr sign(g), half as far where the sign has changed.
class SignDescent final : public optim::OptimizerOf<SignOptions, SignState> {
 public:
  SignDescent(std::vector<SignParamGroup> groups, const SignOptions& defaults = {}) {
    add_groups("sign_descent", std::move(groups), [&](const SignParamGroup& group) {
      SignOptions options = defaults;
      options.lr = group.lr.value_or(defaults.lr);
      return options;
    });
  }

  void step() override {
    check_not_moved_from("step");
    const NoGradGuard no_grad;
    for (std::size_t g = 0; g < groups_->size(); ++g) {
      const SignOptions& options = (*groups_)[g].options;
      for (std::size_t i = 0; i < params_[g].size(); ++i) {
        const Tensor& param = params_[g][i];
        SignState& state = (*groups_)[g].states[i];
        if (!param.grad().defined()) continue;
        const Tensor sign = param.grad() / abs(param.grad());
        const double rate = (options.ascend ? 1 : -1) * options.lr * (state.step < options.warmup ? 0.1 : 1);
        param.add_(
            state.last_sign.defined() ? sign * ((sign * state.last_sign + 3) / 4) * rate : sign * rate);
        state.last_sign = sign;
        ++state.step;
      }
    }
  }

 private:
  void check_options(const char* function, std::size_t group, const SignOptions& options) const override {
    check(options.lr > 0, "{}: lr must be positive; group {} has {}", function, group, options.lr);
  }
  void visit_options(SignOptions& options, optim::StateVisitor& visitor) const override {
    visitor("lr", options.lr);
    visitor("warmup", options.warmup);
    visitor("ascend", options.ascend);
  }
  void visit_state(SignState& state, optim::StateVisitor& visitor) const override {
    visitor("step", state.step);
    visitor("last_sign", state.last_sign);
  }
};

/// A training step that knows no more than the base.
void learn(optim::Optimizer& optimizer, const Tensor& w) {
  optimizer.zero_grad();
  (w * w).sum().backward();
  optimizer.step();
}

}  // namespace

TEST_CASE("optimizer: one of one's own has groups, rates and state of the base") {
  const Tensor a = parameter({4}), b = parameter({-4});
  SignDescent optimizer({{.params = {a}}, {.params = {b}, .lr = 2}}, {.lr = 1, .warmup = 1});
  optim::Optimizer& base = optimizer;
  REQUIRE(base.group_count() == 2);
  REQUIRE(base.params(1)[0].is_same(b));
  REQUIRE(base.lr(0) == 1);
  REQUIRE(base.lr(1) == 2);
  REQUIRE(optimizer.options(1).warmup == 1);
  base.set_lr(1, 4);
  learn(base, a);
  REQUIRE(test::value(a) == 4 - 0.1F);
  REQUIRE(test::value(b) == -4);  // no gradient
  base.set_lr(0.5);
  REQUIRE(base.lr(1) == 0.5);
  optimizer.set_options(0, {.lr = 0.25, .ascend = true});
  learn(base, a);
  REQUIRE(test::value(a) == 4 - 0.1F + 0.25F);
  REQUIRE(a.grad().defined());
  base.zero_grad();
  REQUIRE_FALSE(a.grad().defined());
}

TEST_CASE("optimizer: the errors of the base name the optimizer or the function") {
  const Tensor w = parameter({1});
  REQUIRE(error_of([&] {
    SignDescent({{.params = {w}}, {.params = {w}}});
  }) == "sign_descent: parameter 0 of group 1, of shape [1], is also parameter 0 of group 0");
  REQUIRE(error_of([&] { SignDescent({{.params = {w}, .lr = 0}}); }) ==
          "sign_descent: lr must be positive; group 0 has 0");
  REQUIRE(error_of([] { SignDescent(std::vector<SignParamGroup>{}); }) ==
          "sign_descent: needs at least one group of parameters");
  SignDescent optimizer({{.params = {w}}});
  REQUIRE_FALSE(optimizer.momentum(0).has_value());
  REQUIRE(error_of([&] { optimizer.set_momentum(0.5); }) ==
          "set_momentum: the optimizer has neither momentum nor betas");
  REQUIRE(error_of([&] { optim::OneCycleLR(optimizer, 1, 10); }) ==
          "one_cycle_lr: the optimizer has no momentum to cycle; set cycle_momentum to false");
  REQUIRE(error_of([&] { optimizer.set_lr(-1); }) == "set_lr: lr must be positive; group 0 has -1");
  REQUIRE(error_of([&] { optimizer.lr(1); }) == "lr: group 1 does not exist; there are 1");
  StateDict state = optimizer.state_dict();
  test::entry(state, "param_groups.0.lr").fill_(-3);
  REQUIRE(error_of([&] { optimizer.load_state_dict(state); }) ==
          "load_state_dict: lr must be positive; group 0 has -3");
  REQUIRE(optimizer.lr(0) == 0.5);
  REQUIRE(optim::OneCycleLR(optimizer, 1, 10, {.cycle_momentum = false}).get_last_lr()[0] == Approx(0.04));
}

TEST_CASE("optimizer: saved, loaded into a fresh one, the steps are those of a run without interruption") {
  const auto make_sign = [](const Tensor& w, double lr) -> std::unique_ptr<optim::Optimizer> {
    return std::make_unique<SignDescent>(
        std::vector<SignParamGroup>{{.params = {w}}}, SignOptions{.lr = lr, .warmup = lr == 0.3 ? 5 : 0});
  };
  const auto make_sgd = [](const Tensor& w, double lr) -> std::unique_ptr<optim::Optimizer> {
    return std::make_unique<optim::SGD>(std::vector<Tensor>{w},
        optim::SGDOptions{.lr = lr, .momentum = lr == 0.3 ? 0.9 : 0, .weight_decay = lr / 10});
  };
  for (const auto& make : {+make_sign, +make_sgd}) {
    const Tensor through = parameter({1, -2, 0.7}), stopped = parameter({1, -2, 0.7});
    const auto first = make(through, 0.3), second = make(stopped, 0.3);
    for (int i = 0; i < 3; ++i) {
      learn(*first, through);
      learn(*second, stopped);
    }
    const StateDict state = second->state_dict();
    learn(*second, parameter({1}));  // a step more does not change what was saved
    const Tensor resumed = through.detach().clone().set_requires_grad();
    const auto third = make(resumed, 0.125);
    third->load_state_dict(state);
    REQUIRE(bitwise_equal(third->state_dict(), first->state_dict()));
    for (int i = 0; i < 5; ++i) {
      learn(*first, through);
      learn(*third, resumed);
      REQUIRE(bitwise_equal(resumed, through));
    }
  }
}

TEST_CASE("optimizer: state under its own names, and a number must be there in its dtype") {
  const Tensor w = parameter({1}), frozen = tensor({1});
  SignDescent optimizer({{.params = {frozen, w}}});
  learn(optimizer, w);
  StateDict state = optimizer.state_dict();
  REQUIRE(test::names(state) == std::vector<std::string>{"state.1.step", "state.1.last_sign",
                                    "param_groups.0.params", "param_groups.0.lr", "param_groups.0.warmup",
                                    "param_groups.0.ascend"});
  REQUIRE(state[0].second.item<std::int64_t>() == 1);
  state[0].second = tensor(1);
  test::entry(state, "param_groups.0.lr") = ones({1});
  state.pop_back();
  REQUIRE(error_of([&] { optimizer.load_state_dict(state); }) ==
          "load_state_dict: \"state.1.step\" is float32 [], the optimizer has int64 []; "
          "\"param_groups.0.lr\" is float32 [1], the optimizer has float64 []; "
          "\"param_groups.0.ascend\" is missing");
}

TEST_CASE("optimizer: whole numbers come back exactly") {
  const Tensor w = parameter({1});
  SignDescent optimizer({{.params = {w}}}, {.warmup = (std::int64_t{1} << 62) + 1}), other({{.params = {w}}});
  other.load_state_dict(optimizer.state_dict());
  REQUIRE(other.options(0).warmup == (std::int64_t{1} << 62) + 1);
}

TEST_CASE("optimizer: it moves, and an optimizer is not sliced") {
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<SignDescent>);
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<SignDescent>);
  STATIC_REQUIRE(std::is_nothrow_move_assignable_v<SignDescent>);
  STATIC_REQUIRE_FALSE(std::is_move_assignable_v<optim::Optimizer>);
  const Tensor w = parameter({4});
  SignDescent first({{.params = {w}}});
  const SignDescent second = std::move(first);
  REQUIRE(second.group_count() == 1);
  REQUIRE(error_of([&] { first.step(); }) ==
          "step: the optimizer was moved from; use the one that it was moved to");
}

TEST_CASE("split: by predicate, in order") {
  const std::vector<Tensor> params{ones({2, 2}), ones({2}), ones({3, 3})};
  const auto [matrices, vectors] = optim::split(params, [](const Tensor& p) { return p.dim() == 2; });
  REQUIRE(matrices.size() == 2);
  REQUIRE(matrices[1].is_same(params[2]));
  REQUIRE(vectors.size() == 1);
}
