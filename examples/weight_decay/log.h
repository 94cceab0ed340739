// The event files for TensorBoard.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include <tenon/tenon.h>

/// Writes the curves below a new directory `<parent>/expN`, in two sets: a chart per run with both of its
/// losses, and charts that compare all runs. A system failure during a run ends the log, not the run.
class Log {
 public:
  /// Throws IoError, and then leaves nothing behind.
  explicit Log(const std::string& parent);

  const std::string& directory() const { return directory_; }
  /// Starts the run `run`: later curves belong to it.
  void begin(const std::string& run);
  void add(double train_loss, double test_loss, std::int64_t epoch);
  /// The share of decay in an update of the weights.
  void add_decay_share(double share, std::int64_t epoch);
  /// A histogram.
  void add_weights(const tenon::Tensor& weights, std::int64_t epoch);
  /// The reason why the log is incomplete; empty if it is complete.
  std::string close();
  /// Removes everything that was created.
  void discard();

 private:
  template <class Work>
  void attempt(Work work);

  std::string directory_, run_, problem_;
  std::filesystem::path topmost_;  // topmost directory that was created
  std::optional<tenon::io::SummaryWriter> charts_of_runs_, comparisons_;
};
