#include <tenon/core/check.h>
#include <tenon/core/formatted.h>
#include <tenon/io/atomic_file.h>
#include <tenon/io/axis.h>
#include <tenon/io/plot.h>
#include <tenon/io/plot_line.h>
#include <tenon/io/utf8.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace tenon::io {
namespace {

constexpr const char* style = R"(
text { font-family: system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; font-size: 13px; fill: #57606a }
.title { font-size: 17px; font-weight: 600; fill: #1f2328 }
.name { fill: #1f2328 }
.grid { stroke: #e7eaee }
.axis { stroke: #8c959f }
.line { fill: none; stroke-width: 2.25; stroke-linejoin: round; stroke-linecap: round }
.dashed { stroke-dasharray: 2 5.5 }
)";

constexpr double glyph = 7.5;  // pixels; the average character width of a wide font at 13 px
constexpr double sample = 26;  // pixels; the length of the line sample in the legend
constexpr double margin = 24;  // pixels

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;  // XML cannot represent control characters
    }
  }
  return out;
}

std::string text_at(double x, double y, const char* attributes, std::string_view content) {
  return detail::formatted(
      "<text x=\"{}\" y=\"{}\"{}>{}</text>\n", pixels(x), pixels(y), attributes, content);
}

std::string line(const char* kind, double x1, double y1, double x2, double y2) {
  return detail::formatted(
      "<path class=\"{}\" d=\"M{} {}L{} {}\"/>\n", kind, pixels(x1), pixels(y1), pixels(x2), pixels(y2));
}

std::string tick_text(const Tick& tick) {
  if (!tick.exponent) return tick.label;
  const std::string power =
      detail::formatted("{}{}", *tick.exponent < 0 ? "−" : "", std::abs(*tick.exponent));
  return detail::formatted("{}<tspan dy=\"-5\" font-size=\"10\">{}</tspan>", tick.label, power);
}

double tick_width(const Tick& tick) {
  const std::int64_t raised =
      tick.exponent ? static_cast<std::int64_t>(detail::formatted("{}", *tick.exponent).size()) : 0;
  return glyph * static_cast<double>(code_points(tick.label)) + 5.5 * static_cast<double>(raised);
}

// The desired heights, moved apart as little as needed: at least `spacing` between neighbours, all within
// [low, high].
std::vector<double> spread(const std::vector<double>& wished, double spacing, double low, double high) {
  std::vector<std::size_t> order(wished.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(
      order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return wished[a] < wished[b]; });
  std::vector<double> heights = wished;
  double least = low;
  for (const std::size_t i : order) {
    heights[i] = std::max(heights[i], least);
    least = heights[i] + spacing;
  }
  double most = high;
  for (auto i = order.rbegin(); i != order.rend(); ++i) {
    heights[*i] = std::min(heights[*i], most);
    most = heights[*i] - spacing;
  }
  return heights;
}

double legend_width(const std::vector<Series>& all) {
  std::int64_t longest = 0;
  for (const Series& series : all) longest = std::max(longest, code_points(series.name));
  return longest == 0 ? 0 : sample + 14 + glyph * static_cast<double>(longest);
}

std::string axes(
    const Axis& x, const Axis& y, const std::vector<Tick>& x_ticks, const std::vector<Tick>& y_ticks) {
  std::string out;
  for (const Tick& tick : y_ticks) {
    const double at = y.position(tick.value);
    out += line("grid", x.from, at, x.to, at);
    out += text_at(x.from - 8, at + 4.5, " text-anchor=\"end\"", tick_text(tick));
  }
  for (const Tick& tick : x_ticks) {
    const double at = x.position(tick.value);
    out += line("axis", at, y.from, at, y.from + 5);
    out += text_at(at, y.from + 20, " text-anchor=\"middle\"", tick_text(tick));
  }
  return out + line("axis", x.from, y.from, x.to, y.from);
}

std::string lines_and_names(const std::vector<Series>& all, const Axis& x, const Axis& y) {
  std::vector<PlotLine> drawn;
  std::vector<double> ends;
  int next_look = 0;
  for (const Series& series : all) {
    drawn.emplace_back(series, series.colour >= 0 ? series.colour : next_look++, x, y);
    ends.push_back(drawn.back().end());
  }
  // The names are placed next to the ends of their lines.
  const double spacing = std::min(20.0, (y.from - y.to) / static_cast<double>(all.size()));
  const std::vector<double> heights = spread(ends, spacing, y.to, y.from);
  std::string lines, names;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Series& series = all[i];
    const PlotLine& plotted = drawn[i];
    const auto append_paths = [&](std::string& out, const std::string& path, const std::string& marks) {
      out += detail::formatted("<path class=\"line{}\" stroke=\"{}\" d=\"{}\"/>\n",
          series.dashed ? " dashed" : "", plotted.colour(), path);
      if (!marks.empty()) out += detail::formatted("<path fill=\"{}\" d=\"{}\"/>\n", plotted.colour(), marks);
    };
    append_paths(lines, plotted.path(), plotted.marks());
    if (series.name.empty()) continue;
    const double at = x.to + 12;
    append_paths(names, detail::formatted("M{} {}h{}", pixels(at), pixels(heights[i]), pixels(sample)),
        plotted.mark_in_legend(at + sample / 2, heights[i]));
    names += text_at(at + 8 + sample, heights[i] + 4.5, " class=\"name\"", escaped(series.name));
  }
  return lines + names;
}

}  // namespace

LinePlot::LinePlot(LinePlotOptions options) : options_(std::move(options)) {
  check(
      options_.width >= 320 && options_.height >= 200 && options_.width <= 10000 && options_.height <= 10000,
      "LinePlot: the size must be from 320 x 200 to 10000 x 10000; it is {} x {}", options_.width,
      options_.height);
  check(!options_.y_max ||
            (std::isfinite(*options_.y_max) && (options_.y_scale == Scale::linear || *options_.y_max > 0)),
      "LinePlot: y_max must be finite and, on a log axis, positive; it is {}", options_.y_max.value_or(0));
  for (const std::string* text : {&options_.title, &options_.x_label, &options_.y_label})
    check(is_utf8(*text), "LinePlot: '{}' is not UTF-8", *text);
}

void LinePlot::add(Series series) {
  check(is_utf8(series.name), "LinePlot: the name '{}' is not UTF-8", series.name);
  check(series.colour >= -1, "LinePlot: the colour of '{}' must be -1 or an index; it is {}", series.name,
      series.colour);
  if (series.x.empty()) {
    series.x.resize(series.y.size());
    std::iota(series.x.begin(), series.x.end(), 0.0);
  }
  check(series.x.size() == series.y.size(),
      "LinePlot: x and y of '{}' must have the same length; they have {} and {} values", series.name,
      series.x.size(), series.y.size());
  series_.push_back(std::move(series));
}

std::string LinePlot::svg() const {
  const bool log = options_.y_scale == Scale::log;
  const double y_max = options_.y_max.value_or(std::numeric_limits<double>::infinity());
  Axis x{.whole = true}, y{.scale = options_.y_scale, .open = options_.y_max.has_value()};
  const auto include_height = [&](double height) { y.range.include(log ? std::log10(height) : height); };
  bool cut = false;
  for (const Series& series : series_)
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      if (!is_drawn(series, i, y)) continue;
      x.range.include(series.x[i]);
      x.whole = x.whole && series.x[i] == std::floor(series.x[i]);
      if (series.y[i] <= y_max) include_height(series.y[i]);
      else cut = true;
    }
  check(y.range.low <= y.range.high, "LinePlot: there is nothing to draw; no point is finite{}{}",
      log ? " and positive" : "", options_.y_max ? " and at most y_max" : "");
  if (cut) include_height(y_max);
  x.range.widen(0);
  y.range.widen(0.04);
  check(std::isfinite(x.range.high - x.range.low) && std::isfinite(y.range.high - y.range.low),
      "LinePlot: the range of the values exceeds a double");

  const double width = options_.width, height = options_.height;
  y.to = margin + (options_.title.empty() ? 0 : 26) + (options_.y_label.empty() ? 0 : 24);
  y.from = height - (options_.x_label.empty() ? 36 : 58);
  const std::vector<Tick> y_ticks = y.ticks(std::max(2, options_.height / 50));
  double label_width = 0;
  for (const Tick& tick : y_ticks) label_width = std::max(label_width, tick_width(tick));
  x.from = margin + label_width + 8;
  x.to = width - std::min(margin + legend_width(series_), 0.45 * width);
  const std::vector<Tick> x_ticks = x.ticks(std::max(2, static_cast<int>((x.to - x.from) / 90)));

  std::string out = detail::formatted(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img">
<title>{2}</title>
<style>{3}</style>
<rect width="{0}" height="{1}" rx="6" fill="#fff"/>
)",
      options_.width, options_.height, escaped(options_.title.empty() ? "line plot" : options_.title), style);
  const double middle = (x.from + x.to) / 2;
  if (!options_.title.empty()) out += text_at(margin, 36, " class=\"title\"", escaped(options_.title));
  if (!options_.y_label.empty()) out += text_at(margin, y.to - 16, "", escaped(options_.y_label));
  if (!options_.x_label.empty())
    out += text_at(middle, height - 18, " text-anchor=\"middle\"", escaped(options_.x_label));
  return out + axes(x, y, x_ticks, y_ticks) + lines_and_names(series_, x, y) + "</svg>\n";
}

void LinePlot::save(const std::string& path) const { write_file_atomically(path, svg()); }

}  // namespace tenon::io
