// Line plots as SVG.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include <tenon/core/api.h>

namespace tenon::io {

enum class Scale { linear, log };

struct LinePlotOptions {
  std::string title = {};
  std::string x_label = {};
  std::string y_label = {};
  Scale y_scale = Scale::linear;
  /// The upper end of the y axis; lines to higher points, or to infinity, are cut off at the top edge.
  std::optional<double> y_max = {};
  /// Size in pixels; SVG scales to any display size.
  int width = 800;
  int height = 450;
};

/// A line through (x[i], y[i]); an empty x stands for 0, 1, 2, ... The line has a gap where a coordinate is
/// NaN or infinite, or where y is not positive on a log axis. A point between two gaps is drawn as a mark.
struct Series {
  std::string name = {};
  std::vector<double> x = {};
  std::vector<double> y = {};
  /// Index of the style; -1 takes the next. There are seven colours, then the same seven with squares along
  /// the line, with diamonds, with triangles and with discs; after these 35 they repeat.
  int colour = -1;
  bool dashed = false;
};

/// Collects series and draws them. All text is UTF-8.
class TENON_API LinePlot {
 public:
  /// Throws Error if the size is below 320 x 200 or above 10000 x 10000, or if y_max is not valid on the
  /// axis.
  explicit LinePlot(LinePlotOptions options = {});

  /// Throws Error if x and y differ in length.
  void add(Series series);

  /// The plot as SVG, the same bytes for the same input. Throws Error if there is no point to draw.
  std::string svg() const;

  /// Writes svg() to `path`, completely or not at all. Throws IoError.
  void save(const std::string& path) const;

 private:
  LinePlotOptions options_;
  std::vector<Series> series_;
};

}  // namespace tenon::io
