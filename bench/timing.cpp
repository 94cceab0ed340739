#include "timing.h"

#include <algorithm>

#include <fmt/format.h>

namespace bench {

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Contender on_host(std::string name, std::function<void(std::int64_t)> run, double min_time) {
  const auto seconds_of = [run = std::move(run)](std::int64_t calls) {
    const auto start = Clock::now();
    run(calls);
    return seconds_since(start);
  };
  std::int64_t calls = 1;
  for (double taken = 0; (taken = seconds_of(calls)) < min_time / 2;) calls *= taken < min_time / 20 ? 10 : 2;
  return {std::move(name), [=] { return seconds_of(calls) / static_cast<double>(calls); }};
}

std::vector<Timing> race(const std::vector<Contender>& contenders, int rounds, double pause) {
  std::vector<std::vector<double>> seconds(contenders.size()), ratios(contenders.size());
  const auto start = Clock::now();
  for (const Contender& contender : contenders) contender.measure();
  const double taken = seconds_since(start);
  if (taken > 0.2) rounds = rounds / 4 | 1;
  if (taken > 5) rounds = 1;
  for (int round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      if (pause > 0)
        for (const auto begin = Clock::now(); seconds_since(begin) < pause;) contenders[i].measure();
      seconds[i].push_back(contenders[i].measure());
      ratios[i].push_back(seconds[i].back() / seconds[0].back());
    }
  std::vector<Timing> timings;
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    std::sort(seconds[i].begin(), seconds[i].end());
    std::sort(ratios[i].begin(), ratios[i].end());
    timings.push_back({contenders[i].name, std::move(seconds[i]), ratios[i][ratios[i].size() / 2]});
  }
  return timings;
}

std::string seconds_text(double seconds) {
  if (seconds < 1e-6) return fmt::format("{:.3g} ns", seconds * 1e9);
  if (seconds < 1e-3) return fmt::format("{:.3g} us", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.3g} ms", seconds * 1e3);
  return fmt::format("{:.3g} s", seconds);
}

}  // namespace bench
