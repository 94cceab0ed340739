// The text of a progress bar, as pure functions.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace tenon::io {

struct ProgressState {
  std::string_view description = {};
  std::string_view postfix = {};
  std::int64_t done = 0;
  std::int64_t total = 0;
  double elapsed = 0;     // seconds
  double rate = 0;        // steps per second; 0 if not known yet
  bool finished = false;  // by the last step, or before it
};

struct ProgressStyle {
  bool unicode = false;
  bool colour = false;
};

/// One line, without a line end, of at most `width` columns; the description gets at most half of them. If
/// the width is not sufficient, first the bar is left out, then the postfix, then the figures from the right.
std::string render_progress(const ProgressState& state, int width, const ProgressStyle& style);

/// The plain form, for logs.
std::string render_progress_plain(const ProgressState& state);

}  // namespace tenon::io
