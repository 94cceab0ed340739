#include <tenon/core/check.h>
#include <tenon/io/plot.h>
#include <tenon/io/ticks.h>

#include <cfloat>
#include <clocale>
#include <cmath>
#include <limits>
#include <set>

#include "../support/catch.h"
#include "../support/errors.h"
#include "../support/files.h"

using namespace tenon;
using namespace tenon::test;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<std::string> labels(const std::vector<io::Tick>& ticks) {
  std::vector<std::string> out;
  for (const io::Tick& tick : ticks)
    out.push_back(tick.label + (tick.exponent ? "^" + std::to_string(*tick.exponent) : ""));
  return out;
}

using Labels = std::vector<std::string>;

std::int64_t count(std::string_view text, std::string_view part) {
  std::int64_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

// The path of the only series.
std::string path_of(const io::LinePlot& plot) {
  const std::string svg = plot.svg();
  const auto from = svg.find("d=\"", svg.find("<path class=\"line"));
  return svg.substr(from + 3, svg.find('"', from + 3) - from - 3);
}

std::string path_of(const std::vector<double>& y, io::Scale scale = io::Scale::linear) {
  io::LinePlot plot({.y_scale = scale});
  plot.add({.y = y});
  return path_of(plot);
}

// The path data of all marks.
std::string marks_of(const std::string& svg) {
  std::string marks;
  const std::string_view begin = "<path fill=";
  for (auto at = svg.find(begin); at != svg.npos; at = svg.find(begin, at + 1)) {
    const auto from = svg.find("d=\"", at) + 3;
    marks += svg.substr(from, svg.find('"', from) - from);
  }
  return marks;
}

// Labels below the x axis, from left to right.
Labels x_labels(const std::string& svg) {
  Labels found;
  const std::string_view middle = "text-anchor=\"middle\">";
  for (auto at = svg.find(middle); at != svg.npos; at = svg.find(middle, at + 1)) {
    const auto from = at + middle.size();
    found.push_back(svg.substr(from, svg.find('<', from) - from));
  }
  return found;
}

// Whether tags are closed in order, attributes quoted, and no & or < is bare.
bool is_well_formed(std::string_view text) {
  std::vector<std::string> open;
  while (!text.empty()) {
    const auto tag = text.find('<');
    const std::string_view between = text.substr(0, tag);
    for (auto amp = between.find('&'); amp != between.npos; amp = between.find('&', amp + 1))
      if (between.substr(amp, 6).find(';') == between.npos) return false;
    if (tag == text.npos) break;
    const auto end = text.find('>', tag);
    if (end == text.npos) return false;
    const std::string_view inside = text.substr(tag + 1, end - tag - 1);
    text.remove_prefix(end + 1);
    if (inside.find('<') != inside.npos || count(inside, "\"") % 2 != 0) return false;
    const std::string name(
        inside.substr(inside[0] == '/', inside.find_first_of(" /", 1) - (inside[0] == '/')));
    if (inside[0] == '/') {
      if (open.empty() || open.back() != inside.substr(1)) return false;
      open.pop_back();
    } else if (inside.back() != '/') {
      open.push_back(name);
    }
  }
  return open.empty();
}

}  // namespace

TEST_CASE("linear ticks are multiples of 1, 2 and 5") {
  CHECK(labels(io::linear_ticks(0, 99, 7)) == Labels{"0", "20", "40", "60", "80"});
  CHECK(labels(io::linear_ticks(0, 100, 5)) == Labels{"0", "20", "40", "60", "80", "100"});
  CHECK(labels(io::linear_ticks(-1.2, 1.2, 5)) == Labels{"−1.0", "−0.5", "0", "0.5", "1.0"});
  CHECK(labels(io::linear_ticks(0.1, 0.3, 4)) == Labels{"0.10", "0.15", "0.20", "0.25", "0.30"});
  CHECK(labels(io::linear_ticks(1e9, 1e9 + 4, 4)) ==
        Labels{"10^9", "1.000000001×10^9", "1.000000002×10^9", "1.000000003×10^9", "1.000000004×10^9"});
  CHECK(labels(io::linear_ticks(-5e-6, 1e-5, 3)) == Labels{"−5×10^-6", "0", "5×10^-6", "10^-5"});
  CHECK(labels(io::linear_ticks(0, 4e6, 4)) == Labels{"0", "10^6", "2×10^6", "3×10^6", "4×10^6"});
}

TEST_CASE("log ticks are powers of ten") {
  CHECK(labels(io::log_ticks(1e-11, 250, 9)) ==
        Labels{"10^-10", "10^-8", "10^-6", "10^-4", "10^-2", "10^0", "10^2"});
  CHECK(labels(io::log_ticks(1e-3, 1, 9)) == Labels{"10^-3", "10^-2", "10^-1", "10^0"});
  CHECK(labels(io::log_ticks(0.4, 30, 9)) == Labels{"0.5", "1", "2", "5", "10", "20"});
  CHECK(labels(io::log_ticks(20, 45, 5)) == Labels{"20", "25", "30", "35", "40", "45"});
  CHECK(io::log_ticks(DBL_MIN, DBL_MAX, 9).size() <= 9);
  for (const io::Tick& tick : io::log_ticks(1e-300, 1e300, 9))
    CHECK((tick.value >= 1e-300 && tick.value <= 1e300));
}

TEST_CASE("a plot is well formed whatever the text") {
  io::LinePlot plot(
      {.title = "a < b & \"c\"", .x_label = "<x>", .y_label = "é\x01\n&amp;", .y_scale = io::Scale::log});
  plot.add({.name = "</svg>", .y = {1, 1e4}});
  const std::string svg = plot.svg();
  CHECK(is_well_formed(svg));
  CHECK(svg.starts_with(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 800 450\" width=\"800\" height=\"450\""));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(svg.find(">a &lt; b &amp; &quot;c&quot;</text>") != svg.npos);
  CHECK(svg.find(">&lt;x&gt;</text>") != svg.npos);
  CHECK(svg.find(">é  &amp;amp;</text>") != svg.npos);
  CHECK(svg.find(">&lt;/svg&gt;</text>") != svg.npos);
  CHECK(svg.find("10<tspan dy=\"-5\" font-size=\"10\">2</tspan>") != svg.npos);
  CHECK_FALSE(is_well_formed("<a><b></a>"));
  CHECK_FALSE(is_well_formed("<a>x & y</a>"));
}

TEST_CASE("points become a path, left to right, greater values higher") {
  CHECK(path_of({0, 1}) == "M54.5 399.56L776 38.44");
  io::LinePlot plot;
  plot.add({.x = {0, 10, 5}, .y = {1, 0, 1}});
  CHECK(path_of(plot) == "M54.5 38.44L776 399.56L415.25 38.44");
}

TEST_CASE("a log axis has equal steps for equal factors") {
  CHECK(path_of({1, 10, 100}, io::Scale::log) == path_of({0, 1, 2}));
}

TEST_CASE("values that cannot be drawn leave a gap") {
  CHECK(count(path_of({1, 2, missing, 3, 4}), "M") == 2);
  CHECK(count(path_of({1, infinity, 2, -infinity, 3}), "M") == 3);
  CHECK(count(path_of({1, 0, -1, 2}, io::Scale::log), "M") == 2);
  CHECK(count(path_of({1, 0, -1, 2}, io::Scale::linear), "M") == 1);
  // The gap does not affect the range.
  CHECK(path_of({0, 1, missing}).starts_with(path_of({0, 1}).substr(0, 12)));
}

TEST_CASE("a point without neighbours is a mark") {
  const auto marks = [](const std::vector<double>& y) {
    io::LinePlot plot;
    plot.add({.name = "a", .y = y});
    return marks_of(plot.svg());
  };
  constexpr std::string_view disc = "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z";
  CHECK(marks({1, 2, missing, 3, 4}).empty());
  CHECK(count(marks({1}), disc) == 1);
  CHECK(count(marks({missing, 1, missing, 2, 3, missing, 4}), disc) == 2);
  CHECK(marks({missing, 5, missing}) == "M391.5 219" + std::string(disc));
}

TEST_CASE("the x axis ends at the last point, with integer ticks for integers") {
  const auto labels_of = [](std::vector<double> x) {
    io::LinePlot plot;
    const std::vector<double> y(x.size(), 1);
    plot.add({.x = std::move(x), .y = y});
    return x_labels(plot.svg());
  };
  CHECK(labels_of({0, 1}) == Labels{"0", "1"});
  CHECK(labels_of({1, 2, 3, 4}) == Labels{"1", "2", "3", "4"});
  CHECK(labels_of({1}) == Labels{"1"});
  CHECK(labels_of({0, 100}) == Labels{"0", "20", "40", "60", "80", "100"});
  CHECK(labels_of({0, 0.5, 1}) == Labels{"0", "0.2", "0.4", "0.6", "0.8", "1.0"});
  CHECK(labels(io::linear_ticks(0, 1, 8, 1)) == Labels{"0", "1"});
}

TEST_CASE("a line above y_max is cut off at the top edge") {
  const auto path = [](const std::vector<double>& y, io::Scale scale, std::optional<double> y_max) {
    io::LinePlot plot({.y_scale = scale, .y_max = y_max});
    plot.add({.y = y});
    return path_of(plot);
  };
  // Up, cut off at the edge; nothing outside; back in from the edge.
  CHECK(path({0, 2, 30, 50, 0}, io::Scale::linear, 4) ==
        "M54.5 399.56L234.88 219L248.79 24M760.99 24L776 399.56");
  CHECK(path({1, 10, infinity}, io::Scale::log, 100) == "M54.5 399.56L415.25 219L415.25 24");
  CHECK(path({1, 10, 1e300}, io::Scale::log, 100) == "M54.5 399.56L415.25 219L416.55 24");
  CHECK(path({1, DBL_MAX}, io::Scale::linear, 2) == "M54.5 399.56L54.5 24");
  CHECK(path({1, 2, 3}, io::Scale::linear, 100) == path({1, 2, 3}, io::Scale::linear, {}));
  CHECK(count(path({1, 2, -infinity, 3, 4}, io::Scale::linear, 100), "M") == 2);
  CHECK(count(path({1, 2, infinity, 3, 4}, io::Scale::linear, {}), "M") == 2);
}

TEST_CASE("an empty plot is refused") {
  const auto error = [](io::Scale scale, const std::vector<double>& y) {
    return error_of([&] { path_of(y, scale); });
  };
  CHECK(error_of([] { io::LinePlot().svg(); }) == "LinePlot: there is nothing to draw; no point is finite");
  CHECK(error(io::Scale::linear, {}) == "LinePlot: there is nothing to draw; no point is finite");
  CHECK(error(io::Scale::linear, {missing, infinity}) ==
        "LinePlot: there is nothing to draw; no point is finite");
  CHECK(error(io::Scale::log, {0, -1, missing}) ==
        "LinePlot: there is nothing to draw; no point is finite and positive");
  CHECK(error_of([] {
    io::LinePlot plot({.y_scale = io::Scale::log, .y_max = 2});
    plot.add({.y = {3, infinity}});
    plot.svg();
  }) == "LinePlot: there is nothing to draw; no point is finite and positive and at most y_max");
}

TEST_CASE("one point, equal points and extreme values can be drawn") {
  constexpr double least = std::numeric_limits<double>::denorm_min();
  for (const std::vector<double>& y : std::vector<std::vector<double>>{{0}, {5}, {-3, -3}, {1e300, 1e300},
           {least, least}, {0, least}, {1e-300, 1}, {1e9, 1e9 + 1e-6}, {1, DBL_MAX / 2}})
    for (const io::Scale scale : {io::Scale::linear, io::Scale::log}) {
      if (scale == io::Scale::log && y.back() <= 0) continue;
      io::LinePlot plot({.y_scale = scale});
      plot.add({.y = y});
      const std::string svg = plot.svg();
      CHECK(svg.find("nan") == svg.npos);
      CHECK(svg.find("inf") == svg.npos);
      CHECK(count(svg, "<text ") >= 2);
    }
  io::LinePlot plot({.y_scale = io::Scale::log});
  plot.add({.y = {least, DBL_MAX}});
  CHECK(plot.svg().find("nan") == std::string::npos);
  CHECK(error_of([] {
    path_of({-DBL_MAX, DBL_MAX});
  }) == "LinePlot: the range of the values exceeds a double");
}

TEST_CASE("the legend names every series next to its end, without overlap") {
  io::LinePlot plot;
  for (const char* name : {"one", "two", "three"}) plot.add({.name = name, .y = {0, 1}});
  for (const char* name : {"four", "five"})
    plot.add({.name = name, .y = {0, 0}, .colour = 0, .dashed = true});
  const std::string svg = plot.svg();
  std::vector<double> heights;
  for (const char* name : {"one", "two", "three", "four", "five"}) {
    const auto end = svg.find(">" + std::string(name) + "</text>");
    REQUIRE(end != svg.npos);
    heights.push_back(std::stod(svg.substr(svg.rfind("y=\"", end) + 3)));
  }
  // The lines end at 38.44 and 399.56; text sits 4.5 lower; the axes end at 24 and 414.
  CHECK(heights == std::vector<double>{42.94, 62.94, 82.94, 398.5, 418.5});
  CHECK(count(svg, "stroke=\"#0072b2\"") == 6);  // the first and the last two, line and legend
  CHECK(count(svg, "stroke=\"#d55e00\"") == 2);
  CHECK(count(svg, "class=\"line dashed\"") == 4);
}

TEST_CASE("no two of 35 lines look alike") {
  io::LinePlot plot;
  for (int i = 0; i < 36; ++i) plot.add({.y = {0, 1, 0, 1, 0}});
  std::string svg = plot.svg();
  svg.erase(0, svg.find("<path class=\"line\""));
  std::vector<std::string> looks;  // the line and its markers
  while (svg.starts_with("<path class=\"line\"")) {
    const auto next = std::min(svg.find("<path class=\"line\"", 1), svg.find("</svg>"));
    looks.push_back(svg.substr(0, next));
    svg.erase(0, next);
  }
  REQUIRE(looks.size() == 36);
  CHECK(std::set<std::string>(looks.begin(), looks.end()).size() == 35);
  CHECK(looks[35] == looks[0]);
  for (std::size_t i = 0; i < 35; ++i) CHECK(count(looks[i], "z") == (i < 7 ? 0 : 5));
}

TEST_CASE("the legend shows the markers of its line") {
  io::LinePlot plot;
  plot.add({.name = "a", .y = std::vector<double>(100, 1.0), .colour = 7, .dashed = true});
  const std::string svg = plot.svg();
  CHECK(count(marks_of(svg), "m-3.5-3.5h7v7h-7z") == 9);  // eight along the line
  CHECK(svg.find("<path fill=\"#0072b2\" d=\"M") != svg.npos);
}

TEST_CASE("the same plot gives the same bytes, also in locales with a decimal comma") {
  const auto picture = [] {
    io::LinePlot plot({.title = "t", .y_scale = io::Scale::log});
    plot.add({.name = "n", .y = {0.123, 4.5, 1e-3}});
    return plot.svg();
  };
  const std::string expected = picture();
  for (const char* locale : {"de_DE.UTF-8", "fr_FR.UTF-8"})
    if (std::setlocale(LC_ALL, locale) != nullptr) CHECK(picture() == expected);
  std::setlocale(LC_ALL, "C");
  CHECK(picture() == expected);
}

TEST_CASE("plot options are checked") {
  io::LinePlot plot;
  CHECK(error_of([&] {
    plot.add({.name = "a", .x = {1, 2, 3}, .y = {1, 2}});
  }) == "LinePlot: x and y of 'a' must have the same length; they have 3 and 2 values");
  CHECK(error_of([&] { plot.add({.name = "a", .colour = -2}); }) ==
        "LinePlot: the colour of 'a' must be -1 or an index; it is -2");
  CHECK(error_of([&] { plot.add({.name = "\xff"}); }) == "LinePlot: the name '\xff' is not UTF-8");
  CHECK(error_of([] { io::LinePlot({.title = "\xff"}); }) == "LinePlot: '\xff' is not UTF-8");
  const auto with_y_max = [](double y_max, io::Scale scale) {
    return error_of([=] { io::LinePlot({.y_scale = scale, .y_max = y_max}); });
  };
  CHECK(with_y_max(infinity, io::Scale::linear) ==
        "LinePlot: y_max must be finite and, on a log axis, positive; it is inf");
  CHECK(with_y_max(0, io::Scale::log) ==
        "LinePlot: y_max must be finite and, on a log axis, positive; it is 0");
  CHECK(with_y_max(0, io::Scale::linear).empty());
  CHECK(error_of([] { io::LinePlot({.width = 100}); }) ==
        "LinePlot: the size must be from 320 x 200 to 10000 x 10000; it is 100 x 450");
}

TEST_CASE("save writes the picture or reports why it cannot") {
  const TemporaryDirectory directory;
  io::LinePlot plot;
  plot.add({.y = {1, 2}});
  plot.save(directory / "p.svg");
  CHECK(read_file(directory / "p.svg") == plot.svg());
  CHECK_THROWS_AS(plot.save(directory / "missing/p.svg"), IoError);
  CHECK(names_below(directory.path()) == std::vector<std::string>{"p.svg"});
}
