#include <tenon/core/formatted.h>
#include <tenon/io/plot_line.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace tenon::io {
namespace {

// The palette of Okabe and Ito without its yellow, distinguishable with colour vision deficiency.
constexpr std::array<const char*, 7> palette = {
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"};

// For each cycle through the palette, the mark around a point. In the first cycle only isolated points have
// one.
constexpr const char* disc = "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z";
constexpr std::array<const char*, 5> shapes = {
    disc, "m-3.5-3.5h7v7h-7z", "m0-5l5 5-5 5-5-5z", "m0-5l5 8.5h-10z", disc};

}  // namespace

std::string pixels(double value) {
  std::string text = detail::formatted("{:.2f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

bool is_drawn(const Series& series, std::size_t i, const Axis& y) {
  const double value = series.y[i];
  return std::isfinite(series.x[i]) && (y.scale == Scale::linear || value > 0) &&
         (std::isfinite(value) || (y.open && value > 0));
}

PlotLine::PlotLine(const Series& series, int look, const Axis& x, const Axis& y)
    : series_(series),
      look_(static_cast<std::size_t>(look) % (palette.size() * shapes.size())),
      x_(x),
      y_(y) {}

std::string PlotLine::path() const {
  std::string data;
  for (std::size_t i = 0; i < series_.x.size(); ++i) {
    if (!is_drawn_at(i)) continue;
    const Point here = point(i);
    if (i == 0 || !is_drawn_at(i - 1)) {
      if (is_inside(here)) data += "M" + text(here);
      continue;
    }
    const Point before = point(i - 1);
    if (is_inside(before)) data += "L" + text(is_inside(here) ? here : crossing(before, here));
    else if (is_inside(here)) data += "M" + text(crossing(here, before)) + "L" + text(here);
  }
  return data;
}

std::string PlotLine::marks() const {
  const std::size_t count = series_.x.size(), stride = std::max<std::size_t>(1, count / 8);
  std::string data;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_drawn_at(i) || !is_inside(point(i))) continue;
    const bool alone = (i == 0 || !is_drawn_at(i - 1)) && (i + 1 == count || !is_drawn_at(i + 1));
    if (alone || (has_marks() && i % stride == stride / 2)) data += mark_at(point(i));
  }
  return data;
}

std::string PlotLine::mark_in_legend(double x, double y) const { return has_marks() ? mark_at({x, y}) : ""; }

const char* PlotLine::colour() const { return palette[look_ % palette.size()]; }

double PlotLine::end() const {
  std::size_t last = series_.x.size();
  while (last > 0 && !is_drawn_at(last - 1)) --last;
  return last > 0 ? point(last - 1).y : y_.from;
}

// The intersection of the line between two points with the top edge.
PlotLine::Point PlotLine::crossing(Point inside, Point outside) const {
  const double share = (y_.to - inside.y) / (outside.y - inside.y);
  return {inside.x + share * (outside.x - inside.x), y_.to};
}

bool PlotLine::has_marks() const { return look_ >= palette.size(); }

std::string PlotLine::mark_at(Point point) const {
  return "M" + text(point) + shapes[look_ / palette.size()];
}

std::string PlotLine::text(Point point) { return pixels(point.x) + " " + pixels(point.y); }

}  // namespace tenon::io
