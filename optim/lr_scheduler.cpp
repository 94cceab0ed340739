#include <tenon/optim/lr_scheduler.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tenon::optim {

namespace {

std::vector<double> rates_of(const Optimizer& optimizer) {
  std::vector<double> lrs;
  for (std::size_t g = 0; g < optimizer.group_count(); ++g) lrs.push_back(optimizer.lr(g));
  return lrs;
}

Tensor vector_of(const std::vector<double>& values) {
  return tensor(values, {static_cast<std::int64_t>(values.size())});
}

/// Replaces `values`, one number per group, by the tensor named `name`.
void take_vector(StateReader& reader, const char* name, std::vector<double>& values) {
  const Shape shape{static_cast<std::int64_t>(values.size())};
  const Tensor* const found = reader.take(name, shape, DType::float64);
  if (!found) return;
  const Tensor numbers = found->to(Device::cpu()).contiguous();
  const std::span<const double> loaded = numbers.data<double>();
  values.assign(loaded.begin(), loaded.end());
}

/// From `start` for part 0 to `end` for part 1.
double anneal(AnnealStrategy strategy, double start, double end, double part) {
  if (strategy == AnnealStrategy::linear) return (end - start) * part + start;
  return end + (start - end) / 2 * (std::cos(std::numbers::pi * part) + 1);
}

/// The course of a rate or a momentum over one cycle.
class OneCycle {
 public:
  OneCycle(std::int64_t total_steps, const OneCycleLROptions& options)
      : total_steps_(total_steps), options_(options), top_(options.pct_start * total() - 1) {}

  /// Starts at `first`, is `middle` at the top of the rate, and ends at `last`.
  double at(std::int64_t step, double first, double middle, double last) const {
    check(step <= total_steps_, "one_cycle_lr: the cycle has {} steps; this would be step {}", total_steps_,
        step);
    const double now = std::min(static_cast<double>(step), total() - 1);
    const auto between = [&](double begin, double end, double from, double to) {
      return anneal(options_.anneal_strategy, from, to, end > begin ? (now - begin) / (end - begin) : 1);
    };
    if (now <= top_) return between(0, top_, first, middle);
    if (!options_.three_phase) return between(top_, total() - 1, middle, last);
    const double back = 2 * options_.pct_start * total() - 2;
    return now <= back ? between(top_, back, middle, first) : between(back, total() - 1, first, last);
  }

 private:
  double total() const { return static_cast<double>(total_steps_); }

  std::int64_t total_steps_;
  OneCycleLROptions options_;
  double top_;
};

void check_one_cycle(const Optimizer& optimizer, const std::vector<double>& max_lr, std::int64_t total_steps,
    const OneCycleLROptions& options) {
  check(total_steps > 0, "one_cycle_lr: total_steps must be positive; it is {}", total_steps);
  check(max_lr.size() == optimizer.group_count(), "one_cycle_lr: there are {} groups, but {} largest rates",
      optimizer.group_count(), max_lr.size());
  check(options.pct_start >= 0 && options.pct_start <= 1,
      "one_cycle_lr: pct_start must be in [0, 1]; it is {}", options.pct_start);
  check(options.div_factor > 0 && options.final_div_factor > 0,
      "one_cycle_lr: the divisors must be positive; they are {} and {}", options.div_factor,
      options.final_div_factor);
  check(!options.cycle_momentum || optimizer.momentum(0).has_value(),
      "one_cycle_lr: the optimizer has no momentum to cycle; set cycle_momentum to false");
}

LRScheduler::Schedule one_cycle(
    const std::vector<double>& max_lr, std::int64_t total_steps, const OneCycleLROptions& options) {
  return [cycle = OneCycle(total_steps, options), max_lr, last = options.final_div_factor](std::size_t group,
             double first, std::int64_t step) { return cycle.at(step, first, max_lr[group], first / last); };
}

LRScheduler::MomentumSchedule one_cycle_momentum(std::int64_t total_steps, const OneCycleLROptions& options) {
  if (!options.cycle_momentum) return {};
  return [cycle = OneCycle(total_steps, options), high = options.max_momentum, low = options.base_momentum](
             std::int64_t step) { return cycle.at(step, high, low, high); };
}

/// Checked here because the base class is made first, and sets the rates of step 0.
std::vector<double> first_rates(const Optimizer& optimizer, const std::vector<double>& max_lr,
    std::int64_t total_steps, const OneCycleLROptions& options) {
  check_one_cycle(optimizer, max_lr, total_steps, options);
  std::vector<double> first = max_lr;
  for (double& lr : first) lr /= options.div_factor;
  return first;
}

LRScheduler::Schedule step_schedule(std::int64_t step_size, double gamma) {
  check(step_size > 0, "step_lr: step_size must be positive; it is {}", step_size);
  return [=](std::size_t, double base, std::int64_t epoch) {
    return base * std::pow(gamma, static_cast<double>(epoch / step_size));
  };
}

LRScheduler::Schedule linear_schedule(double start, double end, std::int64_t total) {
  check(start > 0 && start <= 1, "linear_lr: start_factor must be in (0, 1]; it is {}", start);
  check(end >= 0 && end <= 1, "linear_lr: end_factor must be in [0, 1]; it is {}", end);
  check(total > 0, "linear_lr: total_iters must be positive; it is {}", total);
  return [=](std::size_t, double base, std::int64_t epoch) {
    const double part = static_cast<double>(std::min(epoch, total)) / static_cast<double>(total);
    return base * (start + (end - start) * part);
  };
}

LRScheduler::Schedule cosine_schedule(std::int64_t T_max, double eta_min) {
  check(T_max > 0, "cosine_annealing_lr: T_max must be positive; it is {}", T_max);
  return [=](std::size_t, double base, std::int64_t epoch) {
    const double part = static_cast<double>(epoch) / static_cast<double>(T_max);
    return eta_min + (base - eta_min) * (1 + std::cos(std::numbers::pi * part)) / 2;
  };
}

LRScheduler::Schedule lambda_schedule(const Optimizer& optimizer, std::vector<LambdaLR::Lambda> lambdas) {
  check(lambdas.size() == optimizer.group_count(), "lambda_lr: there are {} groups, but {} functions",
      optimizer.group_count(), lambdas.size());
  for (std::size_t g = 0; g < lambdas.size(); ++g)
    check(static_cast<bool>(lambdas[g]), "lambda_lr: function {} is empty", g);
  return [lambdas = std::move(lambdas)](
             std::size_t group, double base, std::int64_t epoch) { return base * lambdas[group](epoch); };
}

}  // namespace

LRScheduler::LRScheduler(
    Optimizer& optimizer, std::vector<double> base_lrs, Schedule schedule, MomentumSchedule momentum)
    : optimizer_(&optimizer),
      base_lrs_(std::move(base_lrs)),
      schedule_(std::move(schedule)),
      momentum_(std::move(momentum)) {
  check(static_cast<bool>(schedule_), "lr_scheduler: the schedule is empty");
  set(0);
}

LRScheduler::LRScheduler(Optimizer& optimizer, Schedule schedule)
    : LRScheduler(optimizer, rates_of(optimizer), std::move(schedule)) {}

LRScheduler::~LRScheduler() = default;

void LRScheduler::set(std::int64_t epoch) {
  std::vector<double> lrs;
  for (std::size_t g = 0; g < base_lrs_.size(); ++g) lrs.push_back(schedule_(g, base_lrs_[g], epoch));
  const std::vector<double> before = rates_of(*optimizer_);
  optimizer_->set_lr(lrs);
  if (momentum_) {
    try {
      optimizer_->set_momentum(momentum_(epoch));
    } catch (...) {
      optimizer_->set_lr(before);
      throw;
    }
  }
  last_lr_ = std::move(lrs);
  last_epoch_ = epoch;
}

void LRScheduler::step() { set(last_epoch_ + 1); }

StateDict LRScheduler::state_dict() const {
  return {{"last_epoch", tensor(last_epoch_, {.dtype = DType::int64})}, {"base_lrs", vector_of(base_lrs_)},
      {"_last_lr", vector_of(last_lr_)}};
}

void LRScheduler::load_state_dict(const StateDict& state) {
  StateReader reader(state, "schedule");
  std::int64_t epoch = 0;
  std::vector<double> base_lrs = base_lrs_, last_lr = last_lr_;
  reader.take_number("last_epoch", epoch);
  take_vector(reader, "base_lrs", base_lrs);
  take_vector(reader, "_last_lr", last_lr);
  reader.finish();
  check(epoch >= 0, "load_state_dict: last_epoch must not be negative; it is {}", epoch);
  last_epoch_ = epoch;
  base_lrs_ = std::move(base_lrs);
  last_lr_ = std::move(last_lr);
}

LambdaLR::LambdaLR(Optimizer& optimizer, std::vector<Lambda> lr_lambdas)
    : LRScheduler(optimizer, lambda_schedule(optimizer, std::move(lr_lambdas))) {}

LambdaLR::LambdaLR(Optimizer& optimizer, Lambda lr_lambda)
    : LambdaLR(optimizer, std::vector<Lambda>(optimizer.group_count(), lr_lambda)) {}

StepLR::StepLR(Optimizer& optimizer, std::int64_t step_size, double gamma)
    : LRScheduler(optimizer, step_schedule(step_size, gamma)) {}

MultiStepLR::MultiStepLR(Optimizer& optimizer, std::vector<std::int64_t> milestones, double gamma)
    : LRScheduler(optimizer,
          [milestones = std::move(milestones), gamma](std::size_t, double base, std::int64_t epoch) {
            const auto reached = std::count_if(milestones.begin(), milestones.end(),
                [epoch](std::int64_t milestone) { return milestone <= epoch; });
            return base * std::pow(gamma, static_cast<double>(reached));
          }) {}

ExponentialLR::ExponentialLR(Optimizer& optimizer, double gamma)
    : LRScheduler(optimizer, step_schedule(1, gamma)) {}

LinearLR::LinearLR(Optimizer& optimizer, double start_factor, double end_factor, std::int64_t total_iters)
    : LRScheduler(optimizer, linear_schedule(start_factor, end_factor, total_iters)) {}

CosineAnnealingLR::CosineAnnealingLR(Optimizer& optimizer, std::int64_t T_max, double eta_min)
    : LRScheduler(optimizer, cosine_schedule(T_max, eta_min)) {}

OneCycleLR::OneCycleLR(Optimizer& optimizer, std::vector<double> max_lr, std::int64_t total_steps,
    const OneCycleLROptions& options)
    : LRScheduler(optimizer, first_rates(optimizer, max_lr, total_steps, options),
          one_cycle(max_lr, total_steps, options), one_cycle_momentum(total_steps, options)) {}

OneCycleLR::OneCycleLR(
    Optimizer& optimizer, double max_lr, std::int64_t total_steps, const OneCycleLROptions& options)
    : OneCycleLR(optimizer, std::vector<double>(optimizer.group_count(), max_lr), total_steps, options) {}

ReduceLROnPlateau::ReduceLROnPlateau(Optimizer& optimizer, const ReduceLROnPlateauOptions& options)
    : optimizer_(&optimizer),
      options_(options),
      state_{.best = options.mode == ReduceLROnPlateauOptions::Mode::min ? INFINITY : -INFINITY,
          .last_lr = rates_of(optimizer)} {
  check(options.factor >= 0 && options.factor < 1, "reduce_lr_on_plateau: factor must be in [0, 1); it is {}",
      options.factor);
  check(options.min_lr >= 0, "reduce_lr_on_plateau: min_lr must not be negative; it is {}", options.min_lr);
}

bool ReduceLROnPlateau::is_better(double metric) const {
  const double best = state_.best, threshold = options_.threshold;
  const bool relative = options_.threshold_mode == ReduceLROnPlateauOptions::ThresholdMode::rel;
  if (options_.mode == ReduceLROnPlateauOptions::Mode::min)
    return metric < (relative ? best * (1 - threshold) : best - threshold);
  return metric > (relative ? best * (1 + threshold) : best + threshold);
}

void ReduceLROnPlateau::step(double metric) {
  State next = state_;
  ++next.last_epoch;
  if (is_better(metric)) {
    next.best = metric;
    next.num_bad_epochs = 0;
  } else {
    ++next.num_bad_epochs;
  }
  if (next.cooldown_counter > 0) {
    --next.cooldown_counter;
    next.num_bad_epochs = 0;
  }
  next.last_lr = rates_of(*optimizer_);
  if (next.num_bad_epochs > options_.patience) {
    for (double& lr : next.last_lr) {
      const double reduced = std::max(lr * options_.factor, options_.min_lr);
      if (lr - reduced > options_.eps) lr = reduced;
    }
    optimizer_->set_lr(next.last_lr);
    next.cooldown_counter = options_.cooldown;
    next.num_bad_epochs = 0;
  }
  state_ = std::move(next);
}

StateDict ReduceLROnPlateau::state_dict() const {
  constexpr Options whole = {.dtype = DType::int64};
  return {{"best", tensor(state_.best, {.dtype = DType::float64})},
      {"num_bad_epochs", tensor(state_.num_bad_epochs, whole)},
      {"cooldown_counter", tensor(state_.cooldown_counter, whole)},
      {"last_epoch", tensor(state_.last_epoch, whole)}, {"_last_lr", vector_of(state_.last_lr)}};
}

void ReduceLROnPlateau::load_state_dict(const StateDict& state) {
  State loaded = state_;
  StateReader reader(state, "schedule");
  reader.take_number("best", loaded.best);
  reader.take_number("num_bad_epochs", loaded.num_bad_epochs);
  reader.take_number("cooldown_counter", loaded.cooldown_counter);
  reader.take_number("last_epoch", loaded.last_epoch);
  take_vector(reader, "_last_lr", loaded.last_lr);
  reader.finish();
  state_ = std::move(loaded);
}

}  // namespace tenon::optim
