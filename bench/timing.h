// Fair timing: contenders run in turn in short rounds, and medians count.
#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start);

struct Contender {
  std::string name;
  std::function<double()> measure;  // makes some calls and returns the seconds per call
};

/// Timed by the host's clock, over at least about `min_time` seconds of calls. `run` makes that many calls.
Contender on_host(std::string name, std::function<void(std::int64_t calls)> run, double min_time = 0.002);

/// The measurements of one contender.
struct Timing {
  std::string name;
  std::vector<double> seconds;  // per call, in ascending order
  double ratio = 1;             // to the first contender, the median over the rounds: a slow spell hits both
  double quantile(std::size_t percent) const { return seconds[(seconds.size() - 1) * percent / 100]; }
  double median() const { return quantile(50); }
};

/// Measures the contenders in turn, in one warm-up round and `rounds` rounds that count, or a quarter as many
/// if a round takes longer than 0.2 s, or one if it takes longer than 5 s.
/// Each turn starts with `pause` seconds of calls that do not count, in which the threads of the contender
/// before it fall asleep.
std::vector<Timing> race(const std::vector<Contender>& contenders, int rounds, double pause = 0);

/// `0.62 us`
std::string seconds_text(double seconds);

}  // namespace bench
