// From data to pixels.
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
  /// Makes room on both sides; something to see also where all values are equal.
  void widen(double share);
};

/// The values of `range`, logarithms on a log axis, lie between the pixels `from` and `to`.
struct Axis {
  Scale scale = Scale::linear;
  bool whole = false;  // marks at whole numbers only
  bool open = false;   // there are values above its range, which may be infinite
  Range range = {};
  double from = 0, to = 0;

  /// Values out of range lie beyond `from` and `to`, infinity infinitely far.
  double position(double value) const;
  std::vector<Tick> ticks(int count) const;
};

}  // namespace tenon::io
