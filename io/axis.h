// Mapping from data to pixels.
#pragma once
#include <limits>
#include <vector>

#include <tenon/io/plot.h>
#include <tenon/io/ticks.h>

namespace tenon::io {

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void include(double value);
  /// Adds a margin on both sides, even if all values are equal.
  void widen(double share);
};

/// Maps the values of `range`, or their logarithms on a log axis, to the pixels from `from` to `to`.
struct Axis {
  Scale scale = Scale::linear;
  bool whole = false;  // ticks at whole numbers only
  bool open = false;   // some values, possibly infinite, lie above the range
  Range range = {};
  double from = 0, to = 0;

  /// Values outside the range lie beyond `from` and `to`, infinity infinitely far.
  double position(double value) const;
  std::vector<Tick> ticks(int count) const;
};

}  // namespace tenon::io
