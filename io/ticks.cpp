#include <tenon/core/formatted.h>
#include <tenon/io/ticks.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace tenon::io {
namespace {

struct Step {
  int mantissa;  // 1, 2 or 5
  int exponent;
  double value() const { return mantissa * std::pow(10.0, exponent); }
};

// The smallest step of at least `least`.
Step step_of_at_least(double least) {
  const int exponent = static_cast<int>(std::floor(std::log10(least)));
  for (const int mantissa : {1, 2, 5})
    if (const Step step{mantissa, exponent}; step.value() >= least * (1 - 1e-9)) return step;
  return {1, exponent + 1};
}

Tick labelled(double value, std::int64_t multiple, Step step) {
  if (multiple == 0) return {0, "0"};
  const std::string sign = value < 0 ? "−" : "";
  const bool scientific = std::abs(value) >= 1e6 || step.exponent < -4;
  if (!scientific)
    return {value, sign + detail::formatted("{:.{}f}", std::abs(value), std::max(-step.exponent, 0))};
  std::string digits = detail::formatted("{}", std::abs(multiple * step.mantissa));  // times 10^step.exponent
  const int exponent = step.exponent + static_cast<int>(digits.size()) - 1;
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.size() > 1) digits.insert(1, ".");
  return {value, sign + (digits == "1" ? "" : digits + "×") + "10", exponent};
}

}  // namespace

std::vector<Tick> linear_ticks(double low, double high, int count, double least_step) {
  const Step step = step_of_at_least(std::max((high - low) / count, least_step));
  const double slack = 1e-9 * (high - low) / step.value();
  std::vector<Tick> ticks;
  const auto last = static_cast<std::int64_t>(std::floor(high / step.value() + slack));
  for (auto i = static_cast<std::int64_t>(std::ceil(low / step.value() - slack)); i <= last; ++i)
    ticks.push_back(labelled(static_cast<double>(i) * step.value(), i, step));
  return ticks;
}

std::vector<Tick> log_ticks(double low, double high, int count) {
  const int first = static_cast<int>(std::ceil(std::log10(low) - 1e-9));
  const int last = static_cast<int>(std::floor(std::log10(high) + 1e-9));
  if (last - first < 1) return linear_ticks(low, high, count);
  std::vector<Tick> ticks;
  if (last - first < 3) {
    for (int exponent = first - 1; exponent <= last; ++exponent)
      for (const int mantissa : {1, 2, 5})
        if (const Step step{mantissa, exponent};
            step.value() >= low * (1 - 1e-9) && step.value() <= high * (1 + 1e-9))
          ticks.push_back(labelled(step.value(), 1, step));
    return ticks;
  }
  int stride = 1;
  while ((last - first) / stride >= count) ++stride;
  for (int exponent = first; exponent <= last; ++exponent)
    if (exponent % stride == 0) ticks.push_back({std::pow(10.0, exponent), "10", exponent});
  return ticks;
}

}  // namespace tenon::io
