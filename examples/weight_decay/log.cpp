#include "log.h"

using namespace tenon;
namespace fs = std::filesystem;

Log::Log(const std::string& parent) {
  std::error_code ignored;
  for (fs::path at = fs::absolute(parent); !fs::exists(at, ignored); at = at.parent_path()) topmost_ = at;
  directory_ = io::next_run_directory(parent, "exp");
  if (topmost_.empty()) topmost_ = fs::absolute(directory_);
  try {
    charts_of_runs_.emplace(directory_);
  } catch (...) {
    discard();
    throw;
  }
}

void Log::begin(const std::string& run) {
  run_ = run;
  // TensorBoard treats a directory as a run, and draws all runs that have a tag in one chart.
  attempt([&] { comparisons_.emplace(directory_ + "/" + run); });
}

void Log::add(double train_loss, double test_loss, std::int64_t epoch) {
  attempt([&] {
    charts_of_runs_->add_scalars(run_, {{"train_loss", train_loss}, {"test_loss", test_loss}}, epoch);
    comparisons_->add_scalar("train_loss", train_loss, epoch);
    comparisons_->add_scalar("test_loss", test_loss, epoch);
  });
}

void Log::add_decay_share(double share, std::int64_t epoch) {
  attempt([&] { comparisons_->add_scalar("decay_share", share, epoch); });
}

void Log::add_weights(const Tensor& weights, std::int64_t epoch) {
  attempt([&] { comparisons_->add_histogram("weights", weights, epoch); });
}

std::string Log::close() {
  attempt([&] {
    if (comparisons_) comparisons_->close();
    charts_of_runs_->close();
  });
  return problem_;
}

void Log::discard() {
  comparisons_.reset();
  charts_of_runs_.reset();
  std::error_code ignored;
  fs::path at = fs::absolute(directory_);
  fs::remove_all(at, ignored);
  // Only empty directories are removed, because other files may have been added to the ones above.
  while (at != topmost_ && fs::remove(at.parent_path(), ignored)) at = at.parent_path();
}

template <class Work>
void Log::attempt(Work work) {
  if (!problem_.empty()) return;
  try {
    work();
  } catch (const Error& error) { problem_ = error.what(); }
}
