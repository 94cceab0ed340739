#include <tenon/core/check.h>
#include <tenon/io/atomic_file.h>
#include <tenon/io/plot.h>
#include <tenon/io/ticks.h>
#include <tenon/io/utf8.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

namespace tenon::io {
namespace {

// Okabe and Ito's palette, without its yellow: told apart also by colour-blind eyes.
constexpr std::array<const char*, 7> palette = {
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"};

constexpr const char* style = R"(
text { font-family: system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; font-size: 13px; fill: #57606a }
.title { font-size: 17px; font-weight: 600; fill: #1f2328 }
.name { fill: #1f2328 }
.grid { stroke: #e7eaee }
.axis { stroke: #8c959f }
.line { fill: none; stroke-width: 2.25; stroke-linejoin: round; stroke-linecap: round }
.dashed { stroke-dasharray: 2 5.5 }
)";

constexpr double glyph = 7.5;  // pixels, about the mean width of a character at 13 px in a wide font
constexpr double sample = 26;  // pixels, the piece of line in the legend
constexpr double margin = 24;  // pixels

std::string number(double value) {
  std::string text = fmt::format("{:.2f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;  // XML has no way to write control characters
    }
  }
  return out;
}

std::string text_at(double x, double y, const char* attributes, std::string_view content) {
  return fmt::format("<text x=\"{}\" y=\"{}\"{}>{}</text>\n", number(x), number(y), attributes, content);
}

std::string line(const char* kind, double x1, double y1, double x2, double y2) {
  return fmt::format(
      "<path class=\"{}\" d=\"M{} {}L{} {}\"/>\n", kind, number(x1), number(y1), number(x2), number(y2));
}

std::string tick_text(const Tick& tick) {
  if (!tick.exponent) return tick.label;
  const std::string power = fmt::format("{}{}", *tick.exponent < 0 ? "−" : "", std::abs(*tick.exponent));
  return fmt::format("{}<tspan dy=\"-5\" font-size=\"10\">{}</tspan>", tick.label, power);
}

double tick_width(const Tick& tick) {
  const std::int64_t raised =
      tick.exponent ? static_cast<std::int64_t>(fmt::format("{}", *tick.exponent).size()) : 0;
  return glyph * static_cast<double>(code_points(tick.label)) + 5.5 * static_cast<double>(raised);
}

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  // Makes room on both sides; something to see also where all values are equal.
  void widen(double share) {
    const double largest = std::max(std::abs(low), std::abs(high));
    double room = share * (high - low);
    if (high - low <= std::max(1e-9 * largest, 1e-300)) room = largest > 1e-290 ? 0.1 * largest : 1;
    low -= room;
    high += room;
  }
};

// Data to pixels. A log axis keeps logarithms in its range.
struct Axis {
  Scale scale;
  Range range;
  double from, to;  // pixels

  double position(double value) const {
    const double along =
        ((scale == Scale::log ? std::log10(value) : value) - range.low) / (range.high - range.low);
    return from + (to - from) * along;
  }
  std::vector<Tick> ticks(int count) const {
    if (scale == Scale::linear) return linear_ticks(range.low, range.high, count);
    constexpr double least = std::numeric_limits<double>::min(), most = std::numeric_limits<double>::max();
    return log_ticks(
        std::max(std::pow(10.0, range.low), least), std::min(std::pow(10.0, range.high), most), count);
  }
};

bool drawable(const Series& series, std::size_t i, Scale y_scale) {
  return std::isfinite(series.x[i]) && std::isfinite(series.y[i]) &&
         (y_scale == Scale::linear || series.y[i] > 0);
}

std::string path_data(const Series& series, const Axis& x, const Axis& y) {
  std::string data;
  bool pen_down = false;
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    const bool draw = drawable(series, i, y.scale);
    if (draw) {
      const std::string point = number(x.position(series.x[i])) + " " + number(y.position(series.y[i]));
      data += pen_down ? "L" + point : "M" + point + "h0";  // a lone point becomes a dot
    }
    pen_down = draw;
  }
  return data;
}

// The wished heights, moved apart as little as needed: at least `spacing` between neighbours, all within
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

// Where the names stand: beside the ends of their lines.
std::vector<double> name_heights(const std::vector<Series>& all, const Axis& y) {
  std::vector<double> ends;
  for (const Series& series : all) {
    std::size_t last = series.x.size();
    while (last > 0 && !drawable(series, last - 1, y.scale)) --last;
    ends.push_back(last > 0 ? y.position(series.y[last - 1]) : y.from);
  }
  return spread(ends, std::min(20.0, (y.from - y.to) / static_cast<double>(all.size())), y.to, y.from);
}

std::string lines_and_names(const std::vector<Series>& all, const Axis& x, const Axis& y) {
  const std::vector<double> heights = name_heights(all, y);
  std::string lines, names;
  int next_colour = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Series& series = all[i];
    const auto index = static_cast<std::size_t>(series.colour >= 0 ? series.colour : next_colour++);
    const std::string look = fmt::format(
        "class=\"line{}\" stroke=\"{}\"", series.dashed ? " dashed" : "", palette[index % palette.size()]);
    lines += fmt::format("<path {} d=\"{}\"/>\n", look, path_data(series, x, y));
    if (series.name.empty()) continue;
    names += fmt::format(
        "<path {} d=\"M{} {}h{}\"/>\n", look, number(x.to + 12), number(heights[i]), number(sample));
    names += text_at(x.to + 20 + sample, heights[i] + 4.5, " class=\"name\"", escaped(series.name));
  }
  return lines + names;
}

}  // namespace

LinePlot::LinePlot(LinePlotOptions options) : options_(std::move(options)) {
  check(
      options_.width >= 320 && options_.height >= 200 && options_.width <= 10000 && options_.height <= 10000,
      "LinePlot: the size must be from 320 x 200 to 10000 x 10000; it is {} x {}", options_.width,
      options_.height);
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
      "LinePlot: x and y of '{}' must be equally long; they have {} and {} values", series.name,
      series.x.size(), series.y.size());
  series_.push_back(std::move(series));
}

std::string LinePlot::svg() const {
  const bool log = options_.y_scale == Scale::log;
  Axis x{Scale::linear, {}, 0, 0}, y{options_.y_scale, {}, 0, 0};
  for (const Series& series : series_)
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      if (!drawable(series, i, y.scale)) continue;
      x.range.include(series.x[i]);
      y.range.include(log ? std::log10(series.y[i]) : series.y[i]);
    }
  check(x.range.low <= x.range.high, "LinePlot: there is nothing to draw; no point is finite{}",
      log ? " and positive" : "");
  x.range.widen(0);
  y.range.widen(0.04);
  check(std::isfinite(x.range.high - x.range.low) && std::isfinite(y.range.high - y.range.low),
      "LinePlot: the values span more than a double holds");

  const double width = options_.width, height = options_.height;
  y.to = margin + (options_.title.empty() ? 0 : 26) + (options_.y_label.empty() ? 0 : 24);
  y.from = height - (options_.x_label.empty() ? 36 : 58);
  const std::vector<Tick> y_ticks = y.ticks(std::max(2, options_.height / 50));
  double label_width = 0;
  for (const Tick& tick : y_ticks) label_width = std::max(label_width, tick_width(tick));
  x.from = margin + label_width + 8;
  x.to = width - std::min(margin + legend_width(series_), 0.45 * width);
  const std::vector<Tick> x_ticks = x.ticks(std::max(2, static_cast<int>((x.to - x.from) / 90)));

  std::string out = fmt::format(
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
