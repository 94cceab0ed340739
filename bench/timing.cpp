#include "timing.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <tenon/io/atomic_file.h>

namespace bench {

namespace {

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(": ") + 2);
  return "unknown";
}

}  // namespace

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Contender on_host(std::string name, std::function<void()> call, const std::function<void()>& finish) {
  const auto seconds_of = [call = std::move(call), finish](std::int64_t calls) {
    const auto start = Clock::now();
    for (std::int64_t i = 0; i < calls; ++i) call();
    if (finish) finish();
    return seconds_since(start);
  };
  constexpr double slice = 0.002;
  std::int64_t calls = 1;
  for (double taken = 0; (taken = seconds_of(calls)) < slice / 2;) calls *= taken < slice / 20 ? 10 : 2;
  return {std::move(name), [=] { return seconds_of(calls) / static_cast<double>(calls); }};
}

std::vector<Timing> race(const std::vector<Contender>& contenders, int rounds) {
  std::vector<std::vector<double>> seconds(contenders.size()), ratios(contenders.size());
  const auto start = Clock::now();
  for (const Contender& contender : contenders) contender.measure();
  if (seconds_since(start) > 0.2) rounds = rounds / 4 | 1;
  for (int round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < contenders.size(); ++i) {
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

void print(const Result& result) {
  fmt::print("{}  (largest relative error {:.1e})\n", result.subject, result.largest_error);
  for (const Timing& timing : result.timings) {
    fmt::print("  {:<28} {:>9}  [{}, {}]", timing.name, seconds_text(timing.median()),
        seconds_text(timing.quantile(10)), seconds_text(timing.quantile(90)));
    if (result.work > 0) fmt::print("  {:6.1f} GFLOP/s", result.work / timing.median() * 1e-9);
    if (&timing != &result.timings.front()) fmt::print("  tenon is {:.2f} times as fast", timing.ratio);
    fmt::print("\n");
  }
}

void save_json(const std::vector<Result>& results, const std::string& path) {
  using Json = nlohmann::ordered_json;
  Json json{{"processor", processor()}, {"results", Json::array()}};
  for (const Result& result : results) {
    Json one{{"subject", result.subject}, {"largest_relative_error", result.largest_error},
        {"contenders", Json::array()}};
    for (const Timing& timing : result.timings)
      one["contenders"].push_back(
          {{"name", timing.name}, {"median_seconds", timing.median()}, {"p10_seconds", timing.quantile(10)},
              {"p90_seconds", timing.quantile(90)}, {"ratio_to_tenon", timing.ratio}});
    json["results"].push_back(std::move(one));
  }
  tenon::io::write_file_atomically(path, json.dump(2) + "\n");
}

Options parse(int argc, char** argv, const char* what, const std::vector<std::string>& devices, int threads,
    const std::function<void(CLI::App&)>& add) {
  Options options{.device = devices.front(), .threads = threads};
  CLI::App app(what);
  app.add_option("--json", options.json, "write the results into this file");
  app.add_option("--device", options.device, "where to run")
      ->check(CLI::IsMember(devices))
      ->capture_default_str();
  app.add_option("--threads", options.threads, "threads of tenon and of a peer on the CPU")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  if (add) add(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) { std::exit(app.exit(help)); } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "{}\n", error.what());
    std::exit(2);
  }
  return options;
}

}  // namespace bench
