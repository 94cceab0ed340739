// Writes scalars and histograms of a run for TensorBoard.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/core/api.h>

namespace tenon {
class Tensor;
}

namespace tenon::io {

struct SummaryWriterOptions {
  /// Appended to the name of every event file.
  std::string filename_suffix = {};
  /// Maximum number of open event files. Beyond it the least recently used one is closed, and reopened when
  /// needed.
  std::int64_t max_open_files = 64;
  /// Seconds since 1970; nullptr uses the system's clock.
  double (*wall_time)() = nullptr;
};

/// Writes event files below a directory, which it creates. Each value has been handed to the kernel when the
/// call returns: a run that is killed keeps what it wrote. Tags must be UTF-8, not empty, and without NUL,
/// otherwise an Error is thrown. A failure of the system (a directory that cannot be written, a full disk) is
/// an IoError with the path and the reason, thrown by the affected call; the file keeps only complete
/// records, and the next call tries again. Thread-safe.
class TENON_API SummaryWriter {
 public:
  explicit SummaryWriter(std::string log_directory, const SummaryWriterOptions& options = {});
  SummaryWriter(SummaryWriter&&) noexcept;
  SummaryWriter& operator=(SummaryWriter&&) noexcept;
  ~SummaryWriter();

  /// `value` is stored as float32, including NaN and infinities, so that a diverged loss is visible.
  void add_scalar(std::string_view tag, double value, std::int64_t step);
  /// The element of a tensor that has one.
  void add_scalar(std::string_view tag, const Tensor& value, std::int64_t step);

  /// Several curves for one chart, each as a separate run, `<log_directory>/<main_tag with '/' as
  /// '_'>_<tag>`, under the tag `main_tag`, as in PyTorch. A '/' in `tag` creates a subdirectory; the parts
  /// around it must not be empty, "." or "..".
  void add_scalars(std::string_view main_tag,
      std::initializer_list<std::pair<std::string_view, double>> values, std::int64_t step);
  void add_scalars(std::string_view main_tag, const std::vector<std::pair<std::string, double>>& values,
      std::int64_t step);

  /// The distribution of `values` in TensorFlow's default bins. Throws Error if there are no values, or one
  /// is NaN or infinite.
  void add_histogram(std::string_view tag, std::span<const float> values, std::int64_t step);
  void add_histogram(std::string_view tag, std::span<const double> values, std::int64_t step);
  void add_histogram(std::string_view tag, const Tensor& values, std::int64_t step);

  /// Waits until everything is on disk. Without it the records survive the end of the process, but not a
  /// power failure.
  void flush();

  /// Closes the files; later calls except close() throw. The destructor does the same and ignores failures.
  void close();

 private:
  struct State;
  State& state() const;

  std::unique_ptr<State> state_;
};

/// Creates `<parent>/<prefix><N>` for the first unused N = 1, 2, ... and returns it. Two processes never get
/// the same directory. Throws IoError.
TENON_API std::string next_run_directory(const std::string& parent, std::string_view prefix);

}  // namespace tenon::io
