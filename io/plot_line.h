// One series of a plot, as drawn.
#pragma once
#include <cstddef>
#include <string>

#include <tenon/io/axis.h>
#include <tenon/io/plot.h>

namespace tenon::io {

/// A pixel coordinate with at most two decimals.
std::string pixels(double value);

/// Whether point i of a series is drawn; it may lie above the plot.
bool is_drawn(const Series& series, std::size_t i, const Axis& y);

/// Keeps references to the series and the axes. Strings are SVG path data.
class PlotLine {
 public:
  PlotLine(const Series& series, int look, const Axis& x, const Axis& y);

  /// The line, cut off at the top edge.
  std::string path() const;
  /// Marks around isolated points and, if the style has marks, around about eight others.
  std::string marks() const;
  /// The mark at a position in the legend, if the style has marks.
  std::string mark_in_legend(double x, double y) const;
  const char* colour() const;
  /// The height at which the line ends; above the top edge if it leaves the plot.
  double end() const;

 private:
  struct Point {
    double x, y;  // y grows downwards
  };
  bool is_drawn_at(std::size_t i) const { return is_drawn(series_, i, y_); }
  Point point(std::size_t i) const { return {x_.position(series_.x[i]), y_.position(series_.y[i])}; }
  bool is_inside(Point point) const { return point.y >= y_.to; }
  Point crossing(Point inside, Point outside) const;
  bool has_marks() const;
  std::string mark_at(Point point) const;
  static std::string text(Point point);

  const Series& series_;
  std::size_t look_;
  const Axis& x_;
  const Axis& y_;
};

}  // namespace tenon::io
