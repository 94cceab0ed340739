// Fair timing: contenders run in turn in short rounds, and the median counts.
#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace bench {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start);

struct Contender {
  std::string name;
  std::function<double()> measure;  // makes some calls and returns the seconds per call
};
/// Measured by the host's clock, over about two milliseconds of calls. `finish` waits for the enqueued work,
/// if the calls do not.
Contender on_host(std::string name, std::function<void()> call, const std::function<void()>& finish = {});

/// The measurements of one contender.
struct Timing {
  std::string name;
  std::vector<double> seconds;  // of one call, in ascending order
  double ratio = 1;             // to the first contender, the median over the rounds: a slow spell hits both
  double quantile(std::size_t percent) const { return seconds[(seconds.size() - 1) * percent / 100]; }
  double median() const { return quantile(50); }
};

/// Measures the contenders in turn, in one warm-up round and `rounds` rounds that count, or a quarter as many
/// if a round takes longer than 0.2 s.
std::vector<Timing> race(const std::vector<Contender>& contenders, int rounds = 41);

/// One subject: tenon against its peers, checked before it was timed.
struct Result {
  std::string subject;
  double largest_error = 0;       // against a reference in double, relative to the largest value
  std::vector<Timing> timings{};  // tenon first
  double work = 0;                // floating-point operations per call, or 0
};

/// `0.62 us`
std::string seconds_text(double seconds);
/// One line per contender, with the ratio peer / tenon and the range of the middle eighty percent.
void print(const Result& result);
/// Everything as JSON: subjects, times, ratios, versions, machine.
void save_json(const std::vector<Result>& results, const std::string& path);

struct Options {
  std::string json{};
  std::string device = "cpu";
  int threads = 1;
};
/// Reads `[--json FILE] [--device NAME] [--threads N]`; prints usage and exits with status 2 otherwise. The
/// device is the first of `devices` unless another one is named, and `threads` are what there are by default.
/// `add` adds options of the caller's own.
Options parse(int argc, char** argv, const char* what, const std::vector<std::string>& devices = {"cpu"},
    int threads = 1, const std::function<void(CLI::App&)>& add = {});

}  // namespace bench
