#include <tenon/core/check.h>
#include <tenon/io/progress.h>
#include <tenon/io/progress_screen.h>
#include <tenon/io/progress_text.h>

#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace tenon::io {
namespace {

constexpr double terminal_interval = 0.1;  // seconds
constexpr double plain_interval = 10;
constexpr double memory = 10;  // seconds after which the weight of a rate falls to 1/e

double read_clock(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double precise_time(const TrackOptions& options) {
  return options.clock != nullptr ? options.clock() : read_clock(CLOCK_MONOTONIC);
}

// The coarse clock lags by a few milliseconds but costs a quarter, and it is read on every step.
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
  const std::string_view wanted = environment("COLUMNS");
  int columns = 0;
  std::from_chars(wanted.data(), wanted.data() + wanted.size(), columns);
  if (columns > 0) return columns;
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

Track::Track(std::int64_t n, std::string_view description, const TrackOptions& options)
    : total_(n), options_(options), description_(description) {
  check(n >= 0, "track: the number of steps must not be negative; it is {}", n);
}

Track::~Track() { finish(); }

void Track::start(std::int64_t total) {
  finish();
  total_ = total;
  done_ = shown_done_ = 0;
  recent_steps_ = recent_seconds_ = 0;
  was_shown_ = false;
  if (!options_.enabled) return;
  nested_ = add_bar(this, options_.descriptor);
  visible_ = true;
  terminal_ = ::isatty(options_.descriptor) != 0 && environment("TERM") != "dumb";
  started_ = shown_at_ = precise_time(options_);
  due_ = started_ + (terminal_ ? terminal_interval : plain_interval);
  if (total_ == 0) finish();
  else if (terminal_ && !nested_) show();
}

void Track::print(std::string_view text) { print_above_bars(options_.descriptor, text); }

void Track::show_if_due() {
  if (done_ == total_) finish();
  else if (coarse_time(options_) >= due_) show();
}

std::string Track::line(bool finished) {
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
      .postfix = postfix_,
      .done = done_,
      .total = total_,
      .elapsed = elapsed,
      .rate = seconds > 0 ? steps / seconds : 0,
      .finished = finished};
  if (!terminal_) return render_progress_plain(state) + "\n";
  const ProgressStyle style = {.unicode = locale_is_utf8(), .colour = environment("NO_COLOR").empty()};
  // If a line fills the last column, the terminal may erase its end.
  return render_progress(state, terminal_width(options_.descriptor) - 1, style);
}

void Track::show() noexcept try {
  was_shown_ = true;
  if (terminal_) draw_bar(this, options_.descriptor, line(false));
  else write_at_once(options_.descriptor, line(false));
} catch (...) {  // a failure to show the bar must not stop the loop
}

void Track::finish() noexcept {
  if (!visible_) return;
  visible_ = false;
  std::string last;
  // A nested loop leaves a line only in a log, and only if it was shown there before.
  if (!nested_ || (!terminal_ && was_shown_)) try {
      last = line(true);
      if (!terminal_) write_at_once(options_.descriptor, std::exchange(last, ""));
    } catch (...) {}
  remove_bar(this, options_.descriptor, last);
}

}  // namespace tenon::io
