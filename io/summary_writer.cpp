#include <tenon/core/check.h>
#include <tenon/core/tensor.h>
#include <tenon/io/descriptor.h>
#include <tenon/io/event.h>
#include <tenon/io/event_file.h>
#include <tenon/io/summary_writer.h>
#include <tenon/io/utf8.h>

#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <mutex>

namespace tenon::io {
namespace {

bool has_nul(std::string_view text) { return text.find('\0') != text.npos; }

double system_time() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void check_tag(const char* op, std::string_view tag) {
  check(!tag.empty(), "{}: the tag is empty", op);
  check(is_utf8(tag) && !has_nul(tag), "{}: a tag must be UTF-8 without NUL", op);
}

// The tag becomes part of a path, which must stay below the log directory.
void check_run_tag(std::string_view tag) {
  check_tag("add_scalars", tag);
  for (std::string_view rest = tag;;) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    check(!part.empty() && part != "." && part != "..",
        "add_scalars: the tag '{}' is not a path below the log directory", tag);
    if (part.size() == rest.size()) return;
    rest.remove_prefix(part.size() + 1);
  }
}

std::string run_directory(const std::string& log_directory, std::string_view main_tag, std::string_view tag) {
  std::string name(main_tag);
  std::replace(name.begin(), name.end(), '/', '_');
  return log_directory + "/" + name + "_" + std::string(tag);
}

}  // namespace

struct SummaryWriter::State {
  struct Run {
    EventFile file;
    std::int64_t last_used;
  };

  std::mutex mutex;
  std::string log_directory;
  SummaryWriterOptions options;
  std::map<std::string, Run, std::less<>> runs;  // keyed by directory
  std::int64_t uses = 0;
  bool closed = false;

  double now() const {
    const double time = options.wall_time != nullptr ? options.wall_time() : system_time();
    check(time >= 0 && time < 1e12, "SummaryWriter: wall_time must return seconds since 1970; it returned {}",
        time);
    return time;
  }

  void append(const std::string& directory, std::string_view record, double wall_time) {
    check_open();
    auto run = runs.find(directory);
    if (run == runs.end() || !run->second.file.is_open()) make_room();
    if (run == runs.end())
      run = runs.emplace(directory, Run{EventFile(directory, options.filename_suffix, wall_time), 0}).first;
    run->second.last_used = ++uses;
    run->second.file.append(record);
  }

  void make_room() {
    std::int64_t open = 0;
    Run* oldest = nullptr;
    for (auto& [directory, run] : runs) {
      if (!run.file.is_open()) continue;
      ++open;
      if (oldest == nullptr || run.last_used < oldest->last_used) oldest = &run;
    }
    if (open >= options.max_open_files) oldest->file.close();
  }

  void check_open() const { check(!closed, "SummaryWriter: the writer is closed"); }

  template <class Values>
  void add_scalars(std::string_view main_tag, const Values& values, std::int64_t step) {
    check_tag("add_scalars", main_tag);
    for (const auto& [tag, value] : values) check_run_tag(tag);
    const std::lock_guard lock(mutex);
    const double wall_time = now();
    for (const auto& [tag, value] : values)
      append(run_directory(log_directory, main_tag, tag), scalar_record(main_tag, value, step, wall_time),
          wall_time);
  }

  template <class T>
  void add_histogram(std::string_view tag, std::span<const T> values, std::int64_t step) {
    check_tag("add_histogram", tag);
    const Histogram histogram = make_histogram(values);
    const std::lock_guard lock(mutex);
    const double wall_time = now();
    append(log_directory, histogram_record(tag, histogram, step, wall_time), wall_time);
  }
};

SummaryWriter::SummaryWriter(std::string log_directory, const SummaryWriterOptions& options)
    : state_(std::make_unique<State>()) {
  check(
      !log_directory.empty() && !has_nul(log_directory), "SummaryWriter: '{}' is not a path", log_directory);
  check(options.filename_suffix.find_first_of(std::string_view("/\0", 2)) == std::string::npos,
      "SummaryWriter: '{}' is not a suffix of a file name", options.filename_suffix);
  check(options.max_open_files >= 1, "SummaryWriter: max_open_files must be at least 1; it is {}",
      options.max_open_files);
  state_->log_directory = std::move(log_directory);
  state_->options = options;
  const std::string& directory = state_->log_directory;
  state_->runs.emplace(
      directory, State::Run{EventFile(directory, options.filename_suffix, state_->now()), 0});
}

SummaryWriter::SummaryWriter(SummaryWriter&&) noexcept = default;
SummaryWriter& SummaryWriter::operator=(SummaryWriter&&) noexcept = default;
SummaryWriter::~SummaryWriter() = default;

SummaryWriter::State& SummaryWriter::state() const {
  check(state_ != nullptr, "SummaryWriter: the writer is closed");  // moved from
  return *state_;
}

void SummaryWriter::add_scalar(std::string_view tag, double value, std::int64_t step) {
  check_tag("add_scalar", tag);
  State& s = state();
  const std::lock_guard lock(s.mutex);
  const double wall_time = s.now();
  s.append(s.log_directory, scalar_record(tag, value, step, wall_time), wall_time);
}

void SummaryWriter::add_scalar(std::string_view tag, const Tensor& value, std::int64_t step) {
  add_scalar(tag, value.item<double>(), step);
}

void SummaryWriter::add_scalars(std::string_view main_tag,
    std::initializer_list<std::pair<std::string_view, double>> values, std::int64_t step) {
  state().add_scalars(main_tag, values, step);
}

void SummaryWriter::add_scalars(
    std::string_view main_tag, const std::vector<std::pair<std::string, double>>& values, std::int64_t step) {
  state().add_scalars(main_tag, values, step);
}

void SummaryWriter::add_histogram(std::string_view tag, std::span<const float> values, std::int64_t step) {
  state().add_histogram(tag, values, step);
}

void SummaryWriter::add_histogram(std::string_view tag, std::span<const double> values, std::int64_t step) {
  state().add_histogram(tag, values, step);
}

void SummaryWriter::add_histogram(std::string_view tag, const Tensor& values, std::int64_t step) {
  const Tensor numbers = values.detach().to(Device::cpu()).to(DType::float64).contiguous();
  state().add_histogram(tag, numbers.data<double>(), step);
}

void SummaryWriter::flush() {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  s.check_open();
  for (auto& [directory, run] : s.runs) {
    if (!run.file.is_open()) s.make_room();
    run.file.sync();
  }
}

void SummaryWriter::close() {
  if (state_ == nullptr) return;
  const std::lock_guard lock(state_->mutex);
  state_->closed = true;
  while (!state_->runs.empty()) state_->runs.extract(state_->runs.begin()).mapped().file.close();
}

std::string next_run_directory(const std::string& parent, std::string_view prefix) {
  check(!parent.empty() && !has_nul(parent), "next_run_directory: '{}' is not a path", parent);
  check(prefix.find('/') == prefix.npos && !has_nul(prefix), "next_run_directory: '{}' is not a file name",
      prefix);
  create_directories("next_run_directory", parent);
  for (std::int64_t n = 1;; ++n) {
    const std::string path = parent + "/" + std::string(prefix) + std::to_string(n);
    if (::mkdir(path.c_str(), 0777) == 0) return path;
    if (errno != EEXIST) throw_io_error("next_run_directory", "create the directory", path, errno);
  }
}

}  // namespace tenon::io
