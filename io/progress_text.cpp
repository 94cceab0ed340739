#include <tenon/core/formatted.h>
#include <tenon/io/columns.h>
#include <tenon/io/progress_text.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace tenon::io {
namespace {

constexpr const char* cyan = "\x1b[36m";
constexpr const char* green = "\x1b[32m";
constexpr const char* yellow = "\x1b[33m";
constexpr const char* grey = "\x1b[90m";
constexpr const char* plain = "";

std::string painted(std::string_view text, std::string_view colour, const ProgressStyle& style) {
  if (!style.colour || colour.empty() || text.empty()) return std::string(text);
  return detail::formatted("{}{}\x1b[0m", colour, text);
}

std::string repeated(std::string_view text, std::int64_t times) {
  std::string out;
  for (std::int64_t i = 0; i < times; ++i) out += text;
  return out;
}

std::string three_digits(double value) {
  return detail::formatted("{:.{}f}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

std::string rate_text(double rate) {
  if (!(rate > 0) || !std::isfinite(rate)) return "-- it/s";
  if (rate < 0.9995) return three_digits(1 / rate) + " s/it";
  for (const char* unit : {" it/s", "k it/s", "M it/s"}) {
    if (rate < 999.5) return three_digits(rate) + unit;
    rate /= 1000;
  }
  return three_digits(rate) + "G it/s";
}

// 0:07, 12:34, 5:00:00
std::string clock_text(double seconds) {
  if (!(seconds < 1e9)) return "-:--";
  const auto whole = static_cast<std::int64_t>(std::max(seconds, 0.0));
  const std::int64_t hours = whole / 3600, minutes = whole / 60 % 60;
  if (hours == 0) return detail::formatted("{}:{:02}", minutes, whole % 60);
  return detail::formatted("{}:{:02}:{:02}", hours, minutes, whole % 60);
}

std::string duration_text(double seconds) {
  if (seconds < 0.9995) return three_digits(std::max(seconds, 0.0) * 1e3) + " ms";
  return seconds < 59.95 ? three_digits(seconds) + " s" : clock_text(seconds);
}

std::string left_text(const ProgressState& state) {
  return clock_text(state.rate > 0 ? static_cast<double>(state.total - state.done) / state.rate : HUGE_VAL);
}

double fraction(const ProgressState& state) {
  return state.total > 0 ? static_cast<double>(state.done) / static_cast<double>(state.total) : 1;
}

int percentage(const ProgressState& state) {
  return state.done == state.total ? 100 : std::min(static_cast<int>(100 * fraction(state)), 99);
}

std::string end_text(const ProgressState& state) {
  return (state.done == state.total ? "in " : "stopped after ") + duration_text(state.elapsed);
}

std::string bar_text(const ProgressState& state, std::int64_t width, const ProgressStyle& style) {
  const char* colour = state.done == state.total ? green : state.finished ? yellow : cyan;
  if (!style.unicode) {
    const auto full = static_cast<std::int64_t>(fraction(state) * static_cast<double>(width - 2));
    const std::string rest = repeated(" ", width - 2 - full);
    return "[" + painted(repeated("=", full), colour, style) + rest + "]";
  }
  const auto halves = static_cast<std::int64_t>(fraction(state) * 2 * static_cast<double>(width));
  const std::int64_t rest = width - (halves + 1) / 2;
  const std::string done = repeated("━", halves / 2) + (halves % 2 != 0 ? "╸" : "");
  if (!style.colour) return done + repeated(" ", rest);
  const bool gap = rest > 0 && halves > 0 && halves % 2 == 0;  // a half column between the two colours
  return painted(done, colour, style) + painted((gap ? "╺" : "") + repeated("━", rest - gap), grey, style);
}

struct Figure {
  std::string text;
  const char* colour;
};

}  // namespace

std::string render_progress(const ProgressState& state, int width, const ProgressStyle& style) {
  const std::string count = detail::formatted("{}", state.total);
  std::vector<Figure> figures = {{detail::formatted("{:>3}%", percentage(state)), plain},
      {detail::formatted("{:>{}}/{}", state.done, count.size(), count), green},
      {detail::formatted("{:>10}", rate_text(state.rate)),
          plain}};  // fixed width, so that the bar does not move
  if (state.finished) {
    figures.push_back({end_text(state), yellow});
  } else {
    figures.push_back({clock_text(state.elapsed), yellow});
    figures.push_back({"ETA " + left_text(state), cyan});
  }
  std::string line = printable(state.description);
  line.resize(first_columns(line, width / 2).size());
  std::int64_t room = width - columns(line) + line.empty();
  for (const Figure& figure : figures) room -= columns(figure.text) + 1;
  // Shown completely or not at all: a truncated number would be a different number.
  const std::string postfix = printable(state.postfix);
  if (const std::int64_t needed = columns(postfix) + 1; !postfix.empty() && needed <= room) {
    figures.push_back({postfix, plain});
    room -= needed;
  }
  const std::int64_t bar_columns = std::min<std::int64_t>(room - 1, 40);
  for (; room < 0 && !figures.empty(); figures.pop_back()) room += columns(figures.back().text) + 1;

  const auto append = [&line](std::string_view text) { (line += line.empty() ? "" : " ") += text; };
  if (bar_columns >= 8) append(bar_text(state, bar_columns, style));
  for (const Figure& figure : figures) append(painted(figure.text, figure.colour, style));
  return line;
}

std::string render_progress_plain(const ProgressState& state) {
  const std::string description = printable(state.description);
  std::string line = detail::formatted("{}{}{}/{} ({}%), {}, ", description, description.empty() ? "" : ": ",
      state.done, state.total, percentage(state), rate_text(state.rate));
  line += state.finished
              ? end_text(state)
              : detail::formatted("{} elapsed, ETA {}", clock_text(state.elapsed), left_text(state));
  const std::string postfix = printable(state.postfix);
  return postfix.empty() ? line : line + ", " + postfix;
}

}  // namespace tenon::io
