// What TensorBoard shows: scalars and histograms over the steps of a run.
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
  /// Most event files held open at once. Beyond it the one that was used longest ago is closed, and reopened
  /// when its turn comes.
  std::int64_t max_open_files = 64;
  /// Seconds since 1970; nullptr takes the system's clock.
  double (*wall_time)() = nullptr;
};

/// Writes event files below a directory, which it creates. Every value is in the kernel's hands when the call
/// returns: a run that is killed keeps what it wrote. Tags are UTF-8, not empty, without NUL; a bad one is an
/// Error. What the system refuses (a directory that cannot be written, a full disk) is an IoError with the
/// path and the reason, thrown by the call that met it; the file keeps whole records only, and the next call
/// tries anew. Calls from several threads are safe.
class TENON_API SummaryWriter {
 public:
  explicit SummaryWriter(std::string log_directory, const SummaryWriterOptions& options = {});
  SummaryWriter(SummaryWriter&&) noexcept;
  SummaryWriter& operator=(SummaryWriter&&) noexcept;
  ~SummaryWriter();

  /// `value` is stored as float32; NaN and infinities are stored too: a loss that diverged should show.
  void add_scalar(std::string_view tag, double value, std::int64_t step);

  /// Curves for one chart, each in a run of its own, `<log_directory>/<main_tag with '/' as '_'>_<tag>`,
  /// under the tag `main_tag`: PyTorch's rule. A '/' in `tag` makes a subdirectory; the parts around it must
  /// not be empty, "." or "..".
  void add_scalars(std::string_view main_tag,
      std::initializer_list<std::pair<std::string_view, double>> values, std::int64_t step);
  void add_scalars(std::string_view main_tag, const std::vector<std::pair<std::string, double>>& values,
      std::int64_t step);

  /// The distribution of `values` in TensorFlow's default bins. Throws Error if there are none, or one is NaN
  /// or infinite.
  void add_histogram(std::string_view tag, std::span<const float> values, std::int64_t step);
  void add_histogram(std::string_view tag, std::span<const double> values, std::int64_t step);
  void add_histogram(std::string_view tag, const Tensor& values, std::int64_t step);

  /// Waits until everything is on the disk. Without it the records survive the process, but not a power
  /// failure.
  void flush();

  /// Closes the files; later calls are errors, except close(). The destructor does the same and ignores
  /// failures.
  void close();

 private:
  struct State;
  State& state() const;

  std::unique_ptr<State> state_;
};

/// Creates `<parent>/<prefix><N>` for the first free N = 1, 2, ... and returns it. Two processes never get
/// the same one. Throws IoError.
TENON_API std::string next_run_directory(const std::string& parent, std::string_view prefix);

}  // namespace tenon::io
