// The positions of ticks on an axis.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace tenon::io {

/// A tick at `value`, labelled `label` and, if there is one, `exponent` as a superscript: 10 and -3, or 2×10
/// and 6.
struct Tick {
  double value = 0;
  std::string label = {};
  std::optional<int> exponent = {};
};

/// Multiples of 1, 2 or 5 times a power of ten within [low, high], about `count` of them, at least
/// `least_step` apart. Requires low < high.
std::vector<Tick> linear_ticks(double low, double high, int count, double least_step = 0);

/// Powers of ten within [low, high], at most `count`; with 1, 2 and 5 times them if at most three powers fit;
/// linear_ticks if fewer than two do. Requires 0 < low < high.
std::vector<Tick> log_ticks(double low, double high, int count);

}  // namespace tenon::io
