// Schedules: PyTorch's rates over 200 steps, saved and resumed, and what is refused.
#include <cmath>
#include <fstream>
#include <memory>

#include <nlohmann/json.hpp>

#include "../support/catch.h"
#include "../support/tensors.h"

using namespace tenon;
using optim::OneCycleLR;
using optim::ReduceLROnPlateau;
using optim::SGD;
using test::error_of;
using test::parameter;

namespace {

using Json = nlohmann::json;

/// A schedule of any kind; the metric is for the one that takes one.
struct Stepper {
  std::function<void(double metric)> step;
  std::function<StateDict()> state_dict;
  std::function<void(const StateDict&)> load_state_dict;
  std::function<std::vector<double>()> get_last_lr;
};
Stepper stepper(std::shared_ptr<optim::LRScheduler> s) {
  return {.step = [s](double) { s->step(); },
      .state_dict = [s] { return s->state_dict(); },
      .load_state_dict = [s](const StateDict& state) { s->load_state_dict(state); },
      .get_last_lr = [s] { return s->get_last_lr(); }};
}
Stepper stepper(std::shared_ptr<ReduceLROnPlateau> s) {
  return {.step = [s](double metric) { s->step(metric); },
      .state_dict = [s] { return s->state_dict(); },
      .load_state_dict = [s](const StateDict& state) { s->load_state_dict(state); },
      .get_last_lr = [s] { return s->get_last_lr(); }};
}
template <class Schedule, class... Args>
Stepper make(optim::Optimizer& optimizer, Args... args) {
  return stepper(std::make_shared<Schedule>(optimizer, std::move(args)...));
}

OneCycleLR one_cycle(optim::Optimizer& optimizer, const Json& o) {
  optim::OneCycleLROptions options;
  options.three_phase = o.value("three_phase", options.three_phase);
  options.pct_start = o.value("pct_start", options.pct_start);
  if (o.value("anneal_strategy", "cos") == "linear") options.anneal_strategy = optim::AnnealStrategy::linear;
  options.div_factor = o.value("div_factor", options.div_factor);
  options.final_div_factor = o.value("final_div_factor", options.final_div_factor);
  options.base_momentum = o.value("base_momentum", options.base_momentum);
  options.max_momentum = o.value("max_momentum", options.max_momentum);
  return {optimizer, o["max_lr"].get<std::vector<double>>(), o["total_steps"], options};
}

ReduceLROnPlateau on_plateau(optim::Optimizer& optimizer, const Json& o) {
  using Plateau = optim::ReduceLROnPlateauOptions;
  Plateau options;
  if (o.value("mode", "min") == "max") options.mode = Plateau::Mode::max;
  if (o.value("threshold_mode", "rel") == "abs") options.threshold_mode = Plateau::ThresholdMode::abs;
  options.factor = o.value("factor", options.factor);
  options.patience = o.value("patience", options.patience);
  options.threshold = o.value("threshold", options.threshold);
  options.cooldown = o.value("cooldown", options.cooldown);
  options.min_lr = o.value("min_lr", options.min_lr);
  return {optimizer, options};
}

Stepper make_schedule(const Json& row, optim::Optimizer& optimizer) {
  const std::string name = row["name"];
  const Json& o = row["options"];
  if (name == "StepLR")
    return make<optim::StepLR>(optimizer, o["step_size"].get<std::int64_t>(), o["gamma"].get<double>());
  if (name == "MultiStepLR")
    return make<optim::MultiStepLR>(
        optimizer, o["milestones"].get<std::vector<std::int64_t>>(), o["gamma"].get<double>());
  if (name == "ExponentialLR") return make<optim::ExponentialLR>(optimizer, o["gamma"].get<double>());
  if (name == "LinearLR" && o.empty()) return make<optim::LinearLR>(optimizer);
  if (name == "LinearLR")
    return make<optim::LinearLR>(optimizer, o["start_factor"].get<double>(), o["end_factor"].get<double>(),
        o["total_iters"].get<std::int64_t>());
  if (name == "CosineAnnealingLR")
    return make<optim::CosineAnnealingLR>(optimizer, o["T_max"].get<std::int64_t>(), o.value("eta_min", 0.0));
  if (name == "LambdaLR")
    return make<optim::LambdaLR>(
        optimizer, std::vector<optim::LambdaLR::Lambda>{
                       [](std::int64_t e) { return std::pow(0.95, static_cast<double>(e)); },
                       [](std::int64_t e) { return 1.0 / (1.0 + static_cast<double>(e)); }});
  if (name == "OneCycleLR") return stepper(std::make_shared<OneCycleLR>(one_cycle(optimizer, o)));
  REQUIRE(name == "ReduceLROnPlateau");
  return stepper(std::make_shared<ReduceLROnPlateau>(on_plateau(optimizer, o)));
}

std::unique_ptr<optim::Optimizer> make_optimizer(const Json& row) {
  const Tensor a = parameter({0}), b = parameter({0});
  if (row.value("optimizer", "sgd") == "adam")
    return std::make_unique<optim::Adam>(
        std::vector<optim::AdamParamGroup>{{.params = {a}, .lr = 0.5}, {.params = {b}, .lr = 0.05}});
  return std::make_unique<SGD>(
      std::vector<optim::SGDParamGroup>{{.params = {a}, .lr = 0.5}, {.params = {b}, .lr = 0.05}},
      optim::SGDOptions{.momentum = 0.9});
}

/// The metric after step k: falls 20 times, then stays about where it is.
double metric_of(const Json& row, int k) {
  const double metric = 1.0 / (1 + std::min(k, 20)) + (k > 20 ? 0.01 * ((k * 7) % 5) : 0);
  return row["options"].value("mode", "min") == "max" ? -metric : metric;
}

Json traces() {
  std::ifstream file(TENON_SOURCE_DIR "/tests/data/lr_scheduler_traces.json");
  REQUIRE(file);
  return Json::parse(file);
}

std::vector<double> rates(const optim::Optimizer& optimizer) { return {optimizer.lr(0), optimizer.lr(1)}; }

bool close(double a, double b) { return std::abs(a - b) <= 1e-12 * std::abs(b); }

}  // namespace

TEST_CASE("schedules: PyTorch's rates and momentum over 200 steps") {
  const Json all = traces();
  REQUIRE(all["schedules"].size() == 12);
  for (const Json& row : all["schedules"]) {
    INFO(row["name"] << row["options"].dump());
    const std::unique_ptr<optim::Optimizer> optimizer = make_optimizer(row);
    const Stepper schedule = make_schedule(row, *optimizer);
    std::size_t at = 0;
    for (int k = 0; k < 200; ++k) {
      INFO("step " << k);
      if (all["steps"][at] == k) {
        for (std::size_t g = 0; g < 2; ++g) REQUIRE(close(optimizer->lr(g), row["lr"][at][g]));
        if (row.contains("momentum")) REQUIRE(close(*optimizer->momentum(1), row["momentum"][at]));
        REQUIRE(schedule.get_last_lr() == rates(*optimizer));
        if (at + 1 < all["steps"].size()) ++at;
      }
      schedule.step(metric_of(row, k));
    }
  }
}

TEST_CASE("schedules: a run that was saved and resumed has the same rates") {
  const Json all = traces();
  for (const Json& row : all["schedules"]) {
    INFO(row["name"] << row["options"].dump());
    const auto through = make_optimizer(row), resumed = make_optimizer(row);
    const Stepper first = make_schedule(row, *through);
    for (int k = 0; k < 37; ++k) first.step(metric_of(row, k));
    const Stepper second = make_schedule(row, *resumed);
    resumed->load_state_dict(through->state_dict());
    second.load_state_dict(first.state_dict());
    REQUIRE(second.get_last_lr() == first.get_last_lr());
    for (int k = 37; k < 120; ++k) {
      REQUIRE(rates(*resumed) == rates(*through));
      REQUIRE(resumed->momentum(0) == through->momentum(0));
      first.step(metric_of(row, k));
      second.step(metric_of(row, k));
    }
    REQUIRE(test::bitwise_equal(first.state_dict(), second.state_dict()));
  }
}

TEST_CASE("schedules: the state has PyTorch's names, and is taken whole or not at all") {
  SGD optimizer({parameter({0})}, {.lr = 0.5});
  optim::StepLR schedule(optimizer, 2);
  REQUIRE(
      test::names(schedule.state_dict()) == std::vector<std::string>{"last_epoch", "base_lrs", "_last_lr"});
  ReduceLROnPlateau plateau(optimizer);
  REQUIRE(test::names(plateau.state_dict()) ==
          std::vector<std::string>{"best", "num_bad_epochs", "cooldown_counter", "last_epoch", "_last_lr"});
  StateDict state = schedule.state_dict();
  test::entry(state, "last_epoch") = tensor(7, {.dtype = DType::int64});
  test::entry(state, "_last_lr") = zeros({2}, {.dtype = DType::float64});
  REQUIRE(error_of([&] { schedule.load_state_dict(state); }) ==
          "load_state_dict: \"_last_lr\" is float64 [2], the schedule has float64 [1]");
  REQUIRE(schedule.last_epoch() == 0);
  test::entry(state, "_last_lr") = zeros({1}, {.dtype = DType::float64});
  test::entry(state, "last_epoch") = tensor(-1, {.dtype = DType::int64});
  REQUIRE(error_of([&] { schedule.load_state_dict(state); }) ==
          "load_state_dict: last_epoch must not be negative; it is -1");
  REQUIRE(schedule.get_last_lr() == std::vector{0.5});
  state.pop_back();
  REQUIRE(error_of([&] {
    plateau.load_state_dict(state);
  }).starts_with("load_state_dict: \"base_lrs\" is not in"));
}

TEST_CASE("schedules: one of one's own is a function") {
  SGD optimizer({{.params = {parameter({0})}}, {.params = {parameter({0})}, .lr = 2}}, {.lr = 1});
  optim::LRScheduler schedule(optimizer, [](std::size_t group, double base, std::int64_t epoch) {
    return base + static_cast<double>(epoch) * (group == 0 ? 1 : 10);
  });
  schedule.step();
  REQUIRE(rates(optimizer) == std::vector<double>{2, 12});
  REQUIRE(schedule.base_lrs() == std::vector<double>{1, 2});
  optim::LambdaLR lambda(optimizer, [](std::int64_t) { return 0.5; });
  REQUIRE(rates(optimizer) == std::vector<double>{1, 6});
}

TEST_CASE("schedules: a step that is refused changes nothing") {
  SGD optimizer({{.params = {parameter({0})}}, {.params = {parameter({0})}, .lr = 2}}, {.lr = 1});
  optim::LRScheduler schedule(optimizer, [](std::size_t group, double base, std::int64_t epoch) {
    return group == 1 && epoch == 1 ? -1 : base / static_cast<double>(1 + epoch);
  });
  REQUIRE(error_of([&] { schedule.step(); }) ==
          "set_lr: lr must not be negative and must be finite; group 1 has -1");
  REQUIRE(rates(optimizer) == std::vector<double>{1, 2});
  REQUIRE(schedule.last_epoch() == 0);
  REQUIRE(schedule.get_last_lr() == std::vector<double>{1, 2});

  OneCycleLR cycle(optimizer, 0.5, 3);
  for (int k = 0; k < 2; ++k) cycle.step();
  const std::vector<double> last = rates(optimizer);
  REQUIRE(close(last[0], 0.5 / 25 / 1e4));
  cycle.step();  // a loop of 3 steps ends with this one
  REQUIRE(rates(optimizer) == last);
  REQUIRE(error_of([&] { cycle.step(); }) == "one_cycle_lr: the cycle has 3 steps; this would be step 4");
  REQUIRE(cycle.last_epoch() == 3);

  SGD nesterov({parameter({0})}, {.lr = 1, .momentum = 0.9, .nesterov = true});
  REQUIRE(error_of([&] { OneCycleLR(nesterov, 5, 100, {.max_momentum = 0}); }) ==
          "set_momentum: nesterov needs momentum and no dampening; group 0 has momentum 0 and dampening 0");
  REQUIRE(nesterov.lr(0) == 1);
}

TEST_CASE("schedules: short cycles have finite rates") {
  SGD optimizer({parameter({0})}, {.lr = 1});
  for (const bool three_phase : {false, true})
    for (const double pct_start : {0.0, 0.25, 0.5, 1.0})
      for (const std::int64_t total : {1, 2, 4, 5}) {
        INFO(three_phase << " " << pct_start << " " << total);
        OneCycleLR cycle(optimizer, 0.5, total, {.pct_start = pct_start, .three_phase = three_phase});
        for (std::int64_t k = 0; k < total; ++k) {
          REQUIRE((optimizer.lr(0) >= 0 && optimizer.lr(0) <= 0.5));
          cycle.step();
        }
      }
}

TEST_CASE("schedules: arguments that make no schedule") {
  SGD optimizer({{.params = {parameter({0})}}, {.params = {parameter({0})}}}, {.lr = 1});
  REQUIRE(error_of([&] { optim::StepLR(optimizer, 0); }) == "step_lr: step_size must be positive; it is 0");
  REQUIRE(error_of([&] { optim::LinearLR(optimizer, 0); }) ==
          "linear_lr: start_factor must be in (0, 1]; it is 0");
  REQUIRE(error_of([&] { optim::LinearLR(optimizer, 1, 1.5); }) ==
          "linear_lr: end_factor must be in [0, 1]; it is 1.5");
  REQUIRE(error_of([&] { optim::LinearLR(optimizer, 1, 1, 0); }) ==
          "linear_lr: total_iters must be positive; it is 0");
  REQUIRE(error_of([&] { optim::CosineAnnealingLR(optimizer, 0); }) ==
          "cosine_annealing_lr: T_max must be positive; it is 0");
  REQUIRE(error_of([&] { optim::LambdaLR(optimizer, std::vector<optim::LambdaLR::Lambda>(1)); }) ==
          "lambda_lr: there are 2 groups, but 1 functions");
  REQUIRE(error_of([&] { optim::LambdaLR(optimizer, optim::LambdaLR::Lambda()); }) ==
          "lambda_lr: function 0 is empty");
  REQUIRE(error_of([&] { optim::LRScheduler(optimizer, {}); }) == "lr_scheduler: the schedule is empty");
  REQUIRE(error_of([&] { OneCycleLR(optimizer, 1, 0); }) ==
          "one_cycle_lr: total_steps must be positive; it is 0");
  REQUIRE(error_of([&] { OneCycleLR(optimizer, std::vector<double>{1}, 9); }) ==
          "one_cycle_lr: there are 2 groups, but 1 largest rates");
  REQUIRE(error_of([&] { OneCycleLR(optimizer, 1, 9, {.pct_start = NAN}); }) ==
          "one_cycle_lr: pct_start must be in [0, 1]; it is nan");
  REQUIRE(error_of([&] { OneCycleLR(optimizer, 1, 9, {.div_factor = 0}); }) ==
          "one_cycle_lr: the divisors must be positive; they are 0 and 10000");
  REQUIRE(error_of([&] { ReduceLROnPlateau(optimizer, {.factor = 1}); }) ==
          "reduce_lr_on_plateau: factor must be in [0, 1); it is 1");
  REQUIRE(error_of([&] { ReduceLROnPlateau(optimizer, {.min_lr = -1}); }) ==
          "reduce_lr_on_plateau: min_lr must not be negative; it is -1");
  REQUIRE(error_of([&] { optimizer.set_lr(std::vector<double>{1}); }) ==
          "set_lr: there are 2 groups, but 1 rates");
  REQUIRE(rates(optimizer) == std::vector<double>{1, 1});
  REQUIRE(optimizer.momentum(0) == 0.0);
}
