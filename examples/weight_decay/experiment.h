// The experiment: 200 weights, 20 samples, with and without weight decay.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include <tenon/tenon.h>

#include "log.h"

enum class Init { normal, standard };
enum class Optimizer { sgd, adam, adamw };
enum class Penalty { l2, l1 };

/// The command line's settings; the defaults are those of the README.
struct Settings {
  tenon::Device device;
  std::vector<double> weight_decays = {0, 3};
  std::int64_t epochs = 100;
  double lr = 0.003;
  double momentum = 0;
  Optimizer optimizer = Optimizer::sgd;
  Penalty penalty = Penalty::l2;
  std::int64_t batch_size = 5;
  std::uint64_t seed = 0;
  Init init = Init::normal;
  bool decay_bias = false;
  bool verify = false;
  bool quiet = false;
  std::string explore{};  // where to write the page of the last run's first steps; empty: nowhere
};

/// The difference between the gradients and the closed form in double and, if another device trained, between
/// its bits and those of the CPU in lockstep.
struct Verification {
  std::int64_t steps = 0;
  double largest_difference = 0;  // absolute
  double largest_relative = 0;    // relative to the sum of the magnitudes that the gradient adds up
  std::int64_t compared = 0, different = 0;  // tensors (losses, gradients, weights), compared by bits
  static constexpr double tolerance = 1e-6;
  bool passed() const { return largest_relative <= tolerance && different == 0; }
};

/// One training run.
struct Run {
  double weight_decay = 0;
  double first_train_loss = 0, first_test_loss = 0;  // mean squared error before the first step
  std::vector<double> train_curve{}, test_curve{};   // and after each epoch
  std::vector<double> magnitudes{};                  // of the weights, largest first
  double weight_norm = 0, bias = 0, seconds = 0;
  std::int64_t steps = 0;
  /// How many weights are smaller than the true ones.
  std::int64_t small_weights() const;
  double train_loss() const { return train_curve.back(); }
  double test_loss() const { return test_curve.back(); }
  /// True if training moved away from the samples; a loss slightly above the first one may still fall.
  bool diverged() const { return !(train_loss() <= 2 * first_train_loss); }
};

struct Outcome {
  std::vector<Run> runs;
  std::optional<Verification> verification;
};

inline constexpr std::int64_t features = 200, train_samples = 20, test_samples = 100;
inline constexpr std::int64_t explored_epochs = 100;  // a longer run would make the page large
inline constexpr double true_weight = 0.01;

/// Trains once per weight decay, from the same initial weights and on the same batches, and logs the curves.
Outcome run_experiment(const Settings& settings, Log& log);
