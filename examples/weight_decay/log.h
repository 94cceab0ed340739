// The event files for TensorBoard.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include <tenon/tenon.h>

/// Writes the curves below a new directory `<parent>/expN`, in two sets: a chart for each run, with both of
/// its losses, and a chart for each loss, with all runs. What the system refuses while a run goes on ends the
/// log, not the run.
class Log {
 public:
  /// Throws IoError, and then leaves nothing behind.
  explicit Log(const std::string& parent);

  const std::string& directory() const { return directory_; }
  /// What is added from now on belongs to the run of this name.
  void begin(const std::string& run);
  void add(double train_loss, double test_loss, std::int64_t epoch);
  /// Why the log is not complete; empty if it is.
  std::string close();
  /// Takes away everything that was made.
  void discard();

 private:
  template <class Work>
  void attempt(Work work);

  std::string directory_, run_, problem_;
  std::filesystem::path topmost_;  // of the directories that were made
  std::optional<tenon::io::SummaryWriter> charts_of_runs_, charts_of_losses_;
};
