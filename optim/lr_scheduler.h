// Schedules of the learning rate.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <tenon/optim/optimizer.h>

namespace tenon::optim {

/// The base of the schedules whose rates depend on nothing but the epoch: group g has the rate
/// `schedule(g, base_lrs()[g], epoch)`. Names, defaults and formulas are PyTorch's, in closed form. So the
/// rates of an epoch do not depend on the way there, and two schedules on one optimizer do not multiply: the
/// last to step sets the rates. LambdaLR makes any other schedule.
///
/// The constructor sets the rates of epoch 0. Call step() after each epoch, or after each batch if that is
/// what the schedule counts, and after the optimizer's step(). The optimizer must outlive the schedule, and
/// must not be moved.
class TENON_API LRScheduler {
 public:
  using Schedule = std::function<double(std::size_t group, double base_lr, std::int64_t epoch)>;
  /// Momentum of all groups.
  using MomentumSchedule = std::function<double(std::int64_t epoch)>;

  /// Takes the rates that the optimizer has now as the base rates. Throws if the optimizer refuses a rate of
  /// epoch 0.
  LRScheduler(Optimizer& optimizer TENON_LIFETIMEBOUND, Schedule schedule);
  LRScheduler(LRScheduler&&) = default;
  LRScheduler& operator=(LRScheduler&&) = default;
  virtual ~LRScheduler();

  /// Goes to the next epoch and sets its rates. If the schedule throws or the optimizer refuses a rate,
  /// nothing has changed.
  void step();
  /// The rate of each group that the schedule has set last.
  const std::vector<double>& get_last_lr() const TENON_LIFETIMEBOUND { return last_lr_; }
  const std::vector<double>& base_lrs() const TENON_LIFETIMEBOUND { return base_lrs_; }
  /// The epoch whose rates are set; 0 at first.
  std::int64_t last_epoch() const { return last_epoch_; }

  /// `last_epoch`, and per group `base_lrs` and `_last_lr`. The arguments of the constructor are not part of
  /// it: make the schedule again with the same, then load.
  StateDict state_dict() const;
  /// Names must match; otherwise an Error says what is wrong and nothing has changed. The optimizer is left
  /// alone: its own state holds its rates.
  void load_state_dict(const StateDict& state);

 protected:
  /// The same with other base rates, and a momentum if that is given.
  LRScheduler(Optimizer& optimizer TENON_LIFETIMEBOUND, std::vector<double> base_lrs, Schedule schedule,
      MomentumSchedule momentum = {});

 private:
  void set(std::int64_t epoch);

  Optimizer* optimizer_;
  std::vector<double> base_lrs_;
  Schedule schedule_;
  MomentumSchedule momentum_;
  std::vector<double> last_lr_;
  std::int64_t last_epoch_ = 0;
};

/// base * lr_lambda(epoch), with one function for all groups or one for each.
class TENON_API LambdaLR final : public LRScheduler {
 public:
  using Lambda = std::function<double(std::int64_t epoch)>;
  LambdaLR(Optimizer& optimizer TENON_LIFETIMEBOUND, Lambda lr_lambda);
  LambdaLR(Optimizer& optimizer TENON_LIFETIMEBOUND, std::vector<Lambda> lr_lambdas);
};

/// base * gamma^floor(epoch / step_size)
class TENON_API StepLR final : public LRScheduler {
 public:
  StepLR(Optimizer& optimizer TENON_LIFETIMEBOUND, std::int64_t step_size, double gamma = 0.1);
};

/// base * gamma^n, where n of the milestones have been reached.
class TENON_API MultiStepLR final : public LRScheduler {
 public:
  MultiStepLR(
      Optimizer& optimizer TENON_LIFETIMEBOUND, std::vector<std::int64_t> milestones, double gamma = 0.1);
};

/// base * gamma^epoch
class TENON_API ExponentialLR final : public LRScheduler {
 public:
  ExponentialLR(Optimizer& optimizer TENON_LIFETIMEBOUND, double gamma);
};

/// base * (start_factor + (end_factor - start_factor) * min(epoch, total_iters) / total_iters): a warm-up.
class TENON_API LinearLR final : public LRScheduler {
 public:
  LinearLR(Optimizer& optimizer TENON_LIFETIMEBOUND, double start_factor = 1.0 / 3, double end_factor = 1,
      std::int64_t total_iters = 5);
};

/// eta_min + (base - eta_min) * (1 + cos(pi epoch / T_max)) / 2 (Loshchilov and Hutter, arXiv:1608.03983,
/// without restarts); after T_max it rises again.
class TENON_API CosineAnnealingLR final : public LRScheduler {
 public:
  CosineAnnealingLR(Optimizer& optimizer TENON_LIFETIMEBOUND, std::int64_t T_max, double eta_min = 0);
};

enum class AnnealStrategy : std::uint8_t { cos, linear };

struct OneCycleLROptions {
  double pct_start = 0.3;  // the part of the cycle in which the rate rises
  AnnealStrategy anneal_strategy = AnnealStrategy::cos;
  bool cycle_momentum = true;  // momentum falls while the rate rises, and the other way round
  double base_momentum = 0.85, max_momentum = 0.95;
  double div_factor = 25;         // the first rate is max_lr / div_factor
  double final_div_factor = 1e4;  // the last one is the first / final_div_factor
  bool three_phase = false;       // falls to the first rate as fast as it rose, and then to the last one
};

/// The one-cycle policy (Smith and Topin, arXiv:1708.07120): the rate rises from max_lr / div_factor to
/// max_lr, and falls to a fraction of the first rate at step total_steps - 1, along half a cosine or a line.
/// Counts batches. The rates that the optimizer has are ignored. Another step() keeps the last rate, and any
/// further one is an error.
class TENON_API OneCycleLR final : public LRScheduler {
 public:
  OneCycleLR(Optimizer& optimizer TENON_LIFETIMEBOUND, double max_lr, std::int64_t total_steps,
      const OneCycleLROptions& options = {});
  /// With the largest rate of each group.
  OneCycleLR(Optimizer& optimizer TENON_LIFETIMEBOUND, std::vector<double> max_lr, std::int64_t total_steps,
      const OneCycleLROptions& options = {});
};

struct ReduceLROnPlateauOptions {
  enum class Mode : std::uint8_t { min, max };
  enum class ThresholdMode : std::uint8_t { rel, abs };
  Mode mode = Mode::min;                              // whether the metric should become small or large
  double factor = 0.1;                                // what a rate is multiplied by
  std::int64_t patience = 10;                         // epochs without an improvement that are tolerated
  double threshold = 1e-4;                            // what counts as an improvement
  ThresholdMode threshold_mode = ThresholdMode::rel;  // of the best value, or as a difference
  std::int64_t cooldown = 0;                          // epochs after a reduction that do not count
  double min_lr = 0;
  double eps = 1e-8;  // a smaller change of a rate is left out
};

/// Multiplies the rates by `factor` when the metric, such as a validation loss, has not improved for more
/// than `patience` epochs. A metric improves if it is below best * (1 - threshold) or, with
/// ThresholdMode::abs, best - threshold; in Mode::max if it is above best * (1 + threshold) or best +
/// threshold. NaN never does. The rates start from those of the optimizer at that time. The optimizer must
/// outlive the schedule, and must not be moved.
class TENON_API ReduceLROnPlateau final {
 public:
  ReduceLROnPlateau(Optimizer& optimizer TENON_LIFETIMEBOUND, const ReduceLROnPlateauOptions& options = {});

  /// Ends an epoch. If the optimizer refuses a rate, nothing has changed.
  void step(double metric);
  /// The rate of each group after the last step.
  const std::vector<double>& get_last_lr() const TENON_LIFETIMEBOUND { return state_.last_lr; }
  std::int64_t last_epoch() const { return state_.last_epoch; }

  /// `best`, `num_bad_epochs`, `cooldown_counter`, `last_epoch` and `_last_lr`, but not the options.
  StateDict state_dict() const;
  /// As LRScheduler::load_state_dict.
  void load_state_dict(const StateDict& state);

 private:
  struct State {
    double best;
    std::int64_t num_bad_epochs = 0, cooldown_counter = 0, last_epoch = 0;
    std::vector<double> last_lr;
  };
  bool is_better(double metric) const;

  Optimizer* optimizer_;
  ReduceLROnPlateauOptions options_;
  State state_;
};

}  // namespace tenon::optim
