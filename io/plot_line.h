// One series of a plot as it is drawn.
#pragma once
#include <cstddef>
#include <string>

#include <tenon/io/axis.h>
#include <tenon/io/plot.h>

namespace tenon::io {

/// A number of pixels, with at most two digits after the point.
std::string pixels(double value);

/// Whether point i of a series is drawn; its place may be above the picture.
bool is_drawn(const Series& series, std::size_t i, const Axis& y);

/// Refers to the series and the axes. Text is path data of SVG.
class PlotLine {
 public:
  PlotLine(const Series& series, int look, const Axis& x, const Axis& y);

  /// Cut off at the top edge.
  std::string path() const;
  /// Around points without neighbours and, where the look has marks, about eight others.
  std::string marks() const;
  /// Around a pixel, if the look has marks.
  std::string mark_in_legend(double x, double y) const;
  const char* colour() const;
  /// The height at which it ends; above the top edge if it leaves the picture.
  double end() const;

 private:
  struct Point {
    double x, y;  // y falls upwards
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
