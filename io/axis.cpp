#include <tenon/io/axis.h>

#include <algorithm>
#include <cmath>

namespace tenon::io {

void Range::include(double value) {
  low = std::min(low, value);
  high = std::max(high, value);
}

void Range::widen(double share) {
  const double largest = std::max(std::abs(low), std::abs(high));
  double room = share * (high - low);
  if (high - low <= std::max(1e-9 * largest, 1e-300)) room = largest > 1e-290 ? 0.1 * largest : 1;
  low -= room;
  high += room;
}

double Axis::position(double value) const {
  const double along =
      ((scale == Scale::log ? std::log10(value) : value) - range.low) / (range.high - range.low);
  return from + (to - from) * along;
}

std::vector<Tick> Axis::ticks(int count) const {
  if (scale == Scale::linear) return linear_ticks(range.low, range.high, count, whole ? 1 : 0);
  constexpr double least = std::numeric_limits<double>::min(), most = std::numeric_limits<double>::max();
  return log_ticks(
      std::max(std::pow(10.0, range.low), least), std::min(std::pow(10.0, range.high), most), count);
}

}  // namespace tenon::io
