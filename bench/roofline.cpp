// The rows below the machine's roofs, as SVG: arithmetic on the left, memory traffic on the right.
#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include <tenon/io/atomic_file.h>

#include "report.h"

namespace bench {
namespace {

struct Point {
  std::string name;
  double x, y;
};

/// A panel with two logarithmic axes.
class Panel {
 public:
  Panel(double left, const std::vector<Point>& points, double top_rate) : left_(left) {
    low_x_ = low_y_ = INFINITY;
    high_x_ = -INFINITY;
    for (const Point& point : points) {
      low_x_ = std::min(low_x_, std::floor(std::log10(point.x)));
      high_x_ = std::max(high_x_, std::ceil(std::log10(point.x)));
      low_y_ = std::min(low_y_, std::floor(std::log10(point.y)));
    }
    if (points.empty()) low_x_ = 0, high_x_ = 1, low_y_ = std::floor(std::log10(top_rate)) - 1;
    high_x_ = std::max(high_x_, low_x_ + 1);
    high_y_ = std::ceil(std::log10(top_rate) + 0.1);
  }

  double x(double value) const {
    return left_ + width * (std::clamp(std::log10(value), low_x_, high_x_) - low_x_) / (high_x_ - low_x_);
  }
  double y(double value) const {
    return top + height * (high_y_ - std::clamp(std::log10(value), low_y_, high_y_)) / (high_y_ - low_y_);
  }
  double least_x() const { return std::pow(10, low_x_); }
  double most_x() const { return std::pow(10, high_x_); }

  std::string axes(const std::string& title, const std::string& x_label, const std::string& y_label) const {
    std::string svg = fmt::format(
        "<text x='{}' y='{}' class='title'>{}</text>\n<rect x='{}' y='{}' width='{}' height='{}' "
        "class='frame'/>\n"
        "<text x='{}' y='{}' text-anchor='middle'>{}</text>\n"
        "<text x='{}' y='{}' text-anchor='middle' transform='rotate(-90 {} {})'>{}</text>\n",
        left_, top - 16, title, left_, top, width, height, left_ + width / 2, top + height + 40, x_label,
        left_ - 52, top + height / 2, left_ - 52, top + height / 2, y_label);
    for (double decade = low_x_; decade <= high_x_; ++decade) {
      const double at = x(std::pow(10, decade));
      svg += fmt::format(
          "<line x1='{0:.1f}' x2='{0:.1f}' y1='{1}' y2='{2}' class='grid'/>\n"
          "<text x='{0:.1f}' y='{3}' text-anchor='middle'>{4}</text>\n",
          at, top, top + height, top + height + 18, power(decade));
    }
    for (double decade = low_y_; decade <= high_y_; ++decade) {
      const double at = y(std::pow(10, decade));
      svg += fmt::format(
          "<line x1='{1}' x2='{2}' y1='{0:.1f}' y2='{0:.1f}' class='grid'/>\n"
          "<text x='{3}' y='{4:.1f}' text-anchor='end'>{5}</text>\n",
          at, left_, left_ + width, left_ - 8, at + 4, power(decade));
    }
    return svg;
  }
  /// A roof from (x1, y1) to (x2, y2), named at its right end.
  std::string roof(double x1, double y1, double x2, double y2, const std::string& name) const {
    return fmt::format(
        "<line x1='{:.1f}' y1='{:.1f}' x2='{:.1f}' y2='{:.1f}' class='roof'/>\n"
        "<text x='{:.1f}' y='{:.1f}' text-anchor='end'>{}</text>\n",
        x(x1), y(y1), x(x2), y(y2), x(x2) - 6, y(y2) - 6, name);
  }
  std::string dot(const Point& point, const std::string& colour) const {
    return fmt::format("<circle cx='{:.1f}' cy='{:.1f}' r='4' fill='{}'><title>{}: {:.3g}</title></circle>\n",
        x(point.x), y(point.y), colour, point.name, point.y);
  }

  static constexpr double width = 430, height = 330, top = 60;

 private:
  static std::string power(double decade) {
    return decade >= 0 && decade <= 3 ? fmt::format("{:.0f}", std::pow(10, decade))
                                      : fmt::format("10<tspan dy='-5' font-size='9'>{:.0f}</tspan>", decade);
  }
  double left_, low_x_, high_x_, low_y_, high_y_;
};

constexpr const char* palette[] = {
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#000000"};

std::string group_of(const std::string& name) { return name.substr(0, name.find('/')); }

}  // namespace

void save_roofline(const Json& report, const std::string& path) {
  std::vector<Point> computing, moving;
  std::map<std::string, std::string> colours;
  for (const Json& row : report["rows"]) {
    if (!row.contains("roof")) continue;
    const std::string name = row["name"];
    const double seconds = row["contenders"][0]["median_seconds"], flops = row["flops"], bytes = row["bytes"];
    if (flops > 0) computing.push_back({name, flops / bytes, flops / seconds * 1e-9});
    else moving.push_back({name, bytes, bytes / seconds * 1e-9});
    colours.emplace(group_of(name), palette[colours.size() % std::size(palette)]);
  }
  const Json& roofs = report["roofs"];
  const double peak = roofs["flops_per_second"].get<double>() * 1e-9,
               memory = roofs["memory_bytes_per_second"].get<double>() * 1e-9,
               l2 = roofs.value("l2_bytes_per_second", memory * 1e9) * 1e-9;
  const Panel left(80, computing, peak), right(620, moving, l2);
  std::string svg = left.axes("Arithmetic", "operations per byte", "GFLOP/s");
  const double ridge = std::clamp(peak / memory, left.least_x(), left.most_x());
  svg += left.roof(
      left.least_x(), std::min(peak, memory * left.least_x()), ridge, std::min(peak, memory * ridge), "");
  svg += left.roof(ridge, peak, left.most_x(), peak, fmt::format("multiply-adds: {:.3g} GFLOP/s", peak));
  svg += right.axes("Memory", "bytes read and written per call", "GB/s");
  svg +=
      right.roof(right.least_x(), memory, right.most_x(), memory, fmt::format("memory: {:.3g} GB/s", memory));
  if (l2 > memory)
    svg += right.roof(right.least_x(), l2, right.most_x(), l2, fmt::format("L2 cache: {:.3g} GB/s", l2));
  for (const Point& point : computing) svg += left.dot(point, colours[group_of(point.name)]);
  for (const Point& point : moving) svg += right.dot(point, colours[group_of(point.name)]);
  double at = 80;
  for (const auto& [group, colour] : colours) {
    svg += fmt::format("<circle cx='{}' cy='470' r='4' fill='{}'/><text x='{}' y='474'>{}</text>\n", at,
        colour, at + 9, group);
    at += 24 + 7.5 * static_cast<double>(group.size());
  }
  tenon::io::write_file_atomically(
      path, fmt::format("<svg xmlns='http://www.w3.org/2000/svg' width='1090' height='490' viewBox='0 0 1090 "
                        "490' font-family='sans-serif' "
                        "font-size='12'>\n<style>.frame{{fill:none;stroke:#333}} .grid{{stroke:#ddd}} "
                        ".roof{{stroke:#333;stroke-width:2}} "
                        ".title{{font-size:15px;font-weight:bold}}</style>\n<rect width='1090' height='490' "
                        "fill='white'/>\n{}</svg>\n",
                svg));
}

}  // namespace bench
