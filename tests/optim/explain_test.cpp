// What an optimizer says about its next step, and about its groups.
#include <cmath>
#include <memory>
#include <sstream>

#include "../support/catch.h"
#include "../support/snapshot.h"
#include "../support/tensors.h"

#include "moments.h"

using namespace tenon;
using test::error_of;
using test::parameter;

namespace {

std::vector<std::unique_ptr<optim::Optimizer>> every_kind(const Tensor& w) {
  std::vector<std::unique_ptr<optim::Optimizer>> all;
  const std::vector<Tensor> params{w};
  for (const optim::SGDOptions& options :
      {optim::SGDOptions{.lr = 0.1}, {.lr = 0.1, .weight_decay = 0.5, .maximize = true},
          {.lr = 0.1, .momentum = 0.9, .dampening = 0.25, .weight_decay = 0.5},
          {.lr = 0.1, .momentum = 0.9, .weight_decay = 0.5, .nesterov = true}})
    all.push_back(std::make_unique<optim::SGD>(params, options));
  for (const optim::AdamOptions& options :
      {optim::AdamOptions{.lr = 0.1}, {.lr = 0.1, .weight_decay = 0.5, .amsgrad = true},
          {.lr = 0.1, .weight_decay = 0.5, .maximize = true, .decoupled_weight_decay = true}})
    all.push_back(std::make_unique<optim::Adam>(params, options));
  for (const optim::RMSpropOptions& options :
      {optim::RMSpropOptions{.lr = 0.1}, {.lr = 0.1, .weight_decay = 0.5, .momentum = 0.9},
          {.lr = 0.1, .alpha = 0.5, .momentum = 0.5, .centered = true, .maximize = true}})
    all.push_back(std::make_unique<optim::RMSprop>(params, options));
  for (const optim::AdagradOptions& options :
      {optim::AdagradOptions{.lr = 0.1}, {.lr = 0.1,
                                         .lr_decay = 0.5,
                                         .weight_decay = 0.5,
                                         .initial_accumulator_value = 2,
                                         .maximize = true}})
    all.push_back(std::make_unique<optim::Adagrad>(params, options));
  return all;
}

}  // namespace

TEST_CASE("explain: the update is what the next step does, for every optimizer and option") {
  const std::vector<Tensor> gradients{tensor({0.5, -1, 2}), tensor({0.25, 1, -1}), tensor({-3, 1, 1})};
  const std::size_t kinds = every_kind(parameter({1, 2, 3})).size();
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    const Tensor w = parameter({1, -2, 0.5});
    const auto optimizer = std::move(every_kind(w)[kind]);
    INFO(*optimizer);
    for (const Tensor& gradient : gradients) {
      w.set_grad(gradient);
      const test::Snapshot before({w});
      const StateDict state = optimizer->state_dict();
      const Tensor start = w.detach().clone();
      const std::vector<optim::UpdateNorms> norms = optimizer->update_norms();
      REQUIRE(before.holds());
      REQUIRE(test::bitwise_equal(optimizer->state_dict(), state));
      optimizer->step();
      REQUIRE(norms.size() == 1);
      REQUIRE(norms[0].param == Approx(norm(start).item()));
      REQUIRE(norms[0].update == Approx(norm(w.detach() - start).item()).epsilon(1e-5));
    }
  }
}

TEST_CASE("explain: the parts by hand") {
  const Tensor a = parameter({3, 4}), b = parameter({1}), still = parameter({1});
  optim::SGD optimizer(
      {{.params = {a}, .weight_decay = 0.5}, {.params = {b, still}}}, {.lr = 0.5, .momentum = 0.9});
  a.set_grad(tensor({0, 2}));
  b.set_grad(tensor({-2}));
  std::vector<optim::UpdateNorms> norms = optimizer.update_norms();
  REQUIRE(norms.size() == 2);
  REQUIRE((norms[0].group == 0 && norms[0].index == 0));
  REQUIRE(norms[0].param == 5);
  REQUIRE(norms[0].gradient == 1);
  REQUIRE(norms[0].decay == Approx(0.5 * 0.5 * 5));
  REQUIRE(norms[0].momentum == 0);
  REQUIRE(norms[0].update == Approx(0.5 * std::hypot(1.5, 4)));
  REQUIRE((norms[1].group == 1 && norms[1].decay == 0));
  optimizer.step();
  norms = optimizer.update_norms();
  REQUIRE(norms[1].gradient == 1);
  REQUIRE(norms[1].momentum == Approx(0.9));
  REQUIRE(norms[1].update == Approx(1.9));

  const optim::AdamW adamw({a}, {.lr = 0.5, .weight_decay = 0.25});
  REQUIRE(adamw.update_norms()[0].decay == Approx(0.5 * 0.25 * norm(a.detach()).item()));
}

TEST_CASE("explain: the table") {
  const Tensor weight = ones({2, 2}).set_requires_grad(), bias = parameter({1}), still = parameter({1});
  optim::SGD optimizer({{.params = {weight, still}, .weight_decay = 0.5}, {.params = {bias}}}, {.lr = 0.5});
  weight.set_grad(full({2, 2}, 0.5));
  bias.set_grad(zeros({1}));
  REQUIRE(optimizer.explain({{"weight", weight}}) ==
          "group  parameter  shape   norm  update  of the norm  gradient    decay       momentum\n"
          "0      weight     [2, 2]  2     1       50 %         0.5 (50 %)  0.5 (50 %)  -\n"
          "1      0          [1]     1     0       0 %          -           -           -\n"
          "1 of 3 parameters have no gradient and stay as they are\n");
  const Tensor a = parameter({1});
  a.set_grad(ones({1}));
  const test::Moments other({{.params = {a}}});
  REQUIRE(error_of([&] { other.explain(); }) == "explain: the optimizer does not define update_parts()");
}

TEST_CASE("groups: by predicate, with their table") {
  const Tensor weight = ones({2, 3}), bias = ones({2}), norm_weight = ones({2}), table = ones({4, 2});
  const std::vector<std::pair<std::string, Tensor>> named{
      {"linear.weight", weight}, {"linear.bias", bias}, {"norm.weight", norm_weight}, {"embedding", table}};
  const auto groups = optim::group_by<optim::AdamParamGroup>(
      named, {{optim::is_bias_or_norm, {.weight_decay = 0}},
                 {[](const std::string& name, const Tensor&) { return name == "embedding"; }, {.lr = 0.5}}});
  REQUIRE(groups.size() == 3);
  REQUIRE(groups[0].params.size() == 2);
  REQUIRE(groups[0].params[1].is_same(norm_weight));
  REQUIRE(groups[1].params[0].is_same(table));
  REQUIRE(groups[2].params[0].is_same(weight));
  const optim::AdamW optimizer(groups, {.lr = 0.25});
  REQUIRE(optimizer.options(0).weight_decay == 0);
  REQUIRE(optimizer.options(2).weight_decay == 1e-2);
  REQUIRE(optimizer.describe(named) ==
          "group  parameters  elements  lr    betas.0  betas.1  eps    weight_decay  amsgrad  maximize  "
          "decoupled_weight_decay\n"
          "0      2           4         0.25  0.9      0.999    1e-08  0             false    false     true"
          "                    linear.bias, norm.weight\n"
          "1      1           8         0.5   0.9      0.999    1e-08  0.01          false    false     true"
          "                    embedding\n"
          "2      1           6         0.25  0.9      0.999    1e-08  0.01          false    false     true"
          "                    linear.weight\n");
  std::ostringstream out;
  out << optimizer;
  REQUIRE(out.str() == optimizer.describe());

  // All taken: there is no further group. None taken: a mistake.
  REQUIRE(optim::group_by<optim::SGDParamGroup>({{"b", bias}}, {{optim::is_bias_or_norm, {}}}).size() == 1);
  REQUIRE(error_of([&] {
    optim::group_by<optim::SGDParamGroup>({{"w", weight}}, {{optim::is_bias_or_norm, {.weight_decay = 0}}});
  }) == "group_by: rule 0 takes none of the 1 parameters");
}
