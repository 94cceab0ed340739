#include <tenon/core/check.h>
#include <tenon/io/descriptor.h>
#include <tenon/io/progress.h>
#include <tenon/io/progress_text.h>

#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstdlib>

namespace tenon::io {
namespace {

constexpr double terminal_interval = 0.1;  // seconds
constexpr double plain_interval = 10;
constexpr double memory = 10;  // a rate of ten seconds ago counts 1/e

std::atomic<bool> some_track_is_visible = false;

double read_clock(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double precise_time(const TrackOptions& options) {
  return options.clock != nullptr ? options.clock() : read_clock(CLOCK_MONOTONIC);
}

// The coarse clock lags by some milliseconds and costs a quarter: it is read on every step.
double coarse_time(const TrackOptions& options) {
  return options.clock != nullptr ? options.clock() : read_clock(CLOCK_MONOTONIC_COARSE);
}

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view locale = environment(name);
    if (locale.empty()) continue;
    for (const char* spelling : {"UTF-8", "utf-8", "UTF8", "utf8"})
      if (locale.find(spelling) != locale.npos) return true;
    return false;
  }
  return false;
}

int terminal_width(int descriptor) {
  if (const int columns = std::atoi(std::string(environment("COLUMNS")).c_str()); columns > 0) return columns;
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

Track::Track(std::int64_t n, std::string_view description, const TrackOptions& options)
    : total_(n), options_(options), description_(description) {
  check(n >= 0, "track: the number of steps must not be negative; it is {}", n);
}

Track::~Track() { finish(); }

void Track::start() {
  finish();
  done_ = shown_done_ = 0;
  recent_steps_ = recent_seconds_ = 0;
  visible_ = options_.enabled && !some_track_is_visible.exchange(true);
  if (!visible_) return;
  terminal_ = ::isatty(options_.descriptor) != 0 && environment("TERM") != "dumb";
  started_ = shown_at_ = precise_time(options_);
  due_ = started_ + (terminal_ ? terminal_interval : plain_interval);
  if (total_ == 0) finish();
  else if (terminal_) show(false);
}

void Track::show_if_due() {
  if (done_ == total_) finish();
  else if (coarse_time(options_) >= due_) show(false);
}

void Track::finish() noexcept {
  if (!visible_) return;
  show(true);
  visible_ = false;
  some_track_is_visible = false;
}

void Track::show(bool finished) noexcept try {
  const double now = precise_time(options_);
  const double elapsed = now - started_;
  const double kept = std::exp((shown_at_ - now) / memory);
  recent_steps_ = recent_steps_ * kept + static_cast<double>(done_ - shown_done_);
  recent_seconds_ = recent_seconds_ * kept + (now - shown_at_);
  shown_at_ = now;
  shown_done_ = done_;
  due_ = now + (terminal_ ? terminal_interval : plain_interval);

  const double steps = finished ? static_cast<double>(done_) : recent_steps_;
  const double seconds = finished ? elapsed : recent_seconds_;
  const ProgressState state = {.description = description_,
      .done = done_,
      .total = total_,
      .elapsed = elapsed,
      .rate = seconds > 0 ? steps / seconds : 0,
      .finished = finished};
  std::string text;
  if (terminal_) {
    const ProgressStyle style = {.unicode = locale_is_utf8(), .colour = environment("NO_COLOR").empty()};
    // A line that fills the last column would make the terminal erase its own end.
    text = "\r" + render_progress(state, terminal_width(options_.descriptor) - 1, style) + "\x1b[K" +
           (finished ? "\n" : "");
  } else {
    text = render_progress_plain(state) + "\n";
  }
  write_all(options_.descriptor, text);
} catch (...) {  // a bar that cannot be shown must not stop the loop
}

}  // namespace tenon::io
