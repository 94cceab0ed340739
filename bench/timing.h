// Fair timing: contenders take turns in short rounds, and what counts is the median.
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace bench {

struct Contender {
  std::string name;
  std::function<void()> run;
  std::function<void()> finish{};  // waits for what the calls have enqueued, if they do not wait themselves
};

/// Seconds of one call: the median over the rounds, and the range that holds the middle eighty percent of
/// them. The ratio to the first contender is a median over the rounds too, so that a slow spell of the
/// machine hits both its sides.
struct Timing {
  std::string name;
  double median = 0, low = 0, high = 0, ratio = 1;
};

/// Calls the contenders in turns: each round gives every one of them about `slice` seconds. `rounds` rounds
/// count, after one that does not.
std::vector<Timing> race(const std::vector<Contender>& contenders, int rounds = 41, double slice = 0.002);

/// One subject: tenon against its peers, checked before it was timed.
struct Result {
  std::string subject;
  double largest_error = 0;       // against a reference in double, relative to the largest value
  std::vector<Timing> timings{};  // tenon first
  double work = 0;                // floating-point operations of a call, if that is of interest
};

/// `0.62 us`
std::string seconds_text(double seconds);
/// A line a contender, with the ratio peer / tenon.
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
Options parse(int argc, char** argv, const char* what, const std::vector<std::string>& devices = {"cpu"},
    int threads = 1);

}  // namespace bench
