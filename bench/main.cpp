// tenon_bench: measures tenon's operations beside other libraries and beside what the machine can do.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include <tenon/io/atomic_file.h>
#include <tenon/tenon.h>

#include "options.h"
#include "peers/peers.h"
#include "report.h"
#if defined(TENON_BENCH_CUDA)
#include "cuda/device.h"
#endif

namespace {

using bench::Json;

struct Options {
  bool list = false, roofs = false, profile = false;
  bench::Wanted wanted{};
  std::string cache = "both", device = "cpu", isa{}, json{}, csv{}, plot{};
  std::vector<int> threads{1};
  int rounds = 21;
  double min_time = 0.002;
};

Options parse(int argc, char** argv) {
  Options options;
  CLI::App app("Measures tenon's operations beside other libraries and beside what the machine can do.");
  bench::add_selection(app, options.list, options.wanted);
  app.add_option("--cache", options.cache, "warm: the inputs are in a cache if they fit; cold: in none; both")
      ->check(CLI::IsMember({"warm", "cold", "both"}))
      ->capture_default_str();
  app.add_option("--threads", options.threads, "thread counts, each measured in a process of its own")
      ->delimiter(',')
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--rounds", options.rounds, "rounds per row; slow rows have a quarter as many")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--min-time", options.min_time, "seconds of calls per round and contender")
      ->check(CLI::Range(1e-6, 100.0))
      ->capture_default_str();
  app.add_option("--isa", options.isa, "tenon's kernels: baseline, avx2 or avx512; without it, the fastest");
  app.add_option("--device", options.device, "where tenon runs: cpu or cuda")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
  app.add_flag("--roofs", options.roofs, "measure only what the machine can do");
  app.add_flag("--profile", options.profile,
      "call each row once between cudaProfilerStart and cudaProfilerStop, for a profiler");
  app.add_option("--json", options.json, "write the results into this file");
  app.add_option("--csv", options.csv, "the same as a table");
  app.add_option("--plot", options.plot, "draw the rows' rates below the machine's roofs, as SVG");
  // For a process that run_each starts.
  int threads = 0;
  std::string part;
  app.add_option("--part-threads", threads)->group("");
  app.add_option("--part-json", part)->group("");
  bench::parse_or_exit(app, argc, argv, "tenon_bench");
  if (threads > 0) {
    options.threads = {threads};
    options.json = part;
    options.csv = options.plot = "";
  }
  const bool on_cpu = options.device == "cpu";
  options.wanted.device = on_cpu ? bench::Where::cpu : bench::Where::cuda;
  options.wanted.warm = options.cache != "cold";
  options.wanted.cold = on_cpu && options.cache != "warm";
  return options;
}

void save(const Options& options, const Json& report) {
  if (!options.json.empty()) tenon::io::write_file_atomically(options.json, report.dump(1) + "\n");
  if (!options.csv.empty()) tenon::io::write_file_atomically(options.csv, bench::csv_of(report["rows"]));
  if (!options.plot.empty()) bench::save_roofline(report, options.plot);
}

/// Measures in this process: a row for each of `selected`, as soon as it is there.
template <class Measure>
Json measure_all(const Options& options, int threads, Json report,
    const std::vector<bench::Selected>& selected, Measure measure) {
  report["rows"] = Json::array();
  bench::print_header(report["context"], report["roofs"]);
  if (options.roofs) return report;
  for (const bench::Selected& chosen : selected) {
    report["rows"].push_back(bench::json_of(measure(chosen), threads));
    bench::print(report["rows"].back());
    save(options, report);  // an interrupted run keeps what it has
  }
  return report;
}

Json run_on_cpu(const Options& options, const std::vector<bench::Selected>& selected) {
  const int threads = options.threads[0];
  tenon::set_num_threads(threads);
  // A peer's threads spin for a while after its calls, and compete with those of the next contender.
  const double pause = threads > 1 && !bench::libraries().empty() ? 0.05 : 0;
  const bench::Plan plan{options.rounds, options.min_time, pause, threads};
  const bench::Roofs roofs = bench::measure_roofs();
  const Json report{{"context", bench::context(threads)}, {"roofs", bench::json_of(roofs)}};
  return measure_all(options, threads, report, selected, [&](const bench::Selected& chosen) {
    return bench::measure(chosen.one, chosen.size, chosen.cold, plan, roofs);
  });
}

#if defined(TENON_BENCH_CUDA)
Json run_on_cuda(const Options& options, const std::vector<bench::Selected>& selected) {
  if (options.profile) {
    for (const bench::Selected& chosen : selected) bench::CudaDevice::profile(chosen.one, chosen.size);
    return {{"rows", Json::array()}};
  }
  bench::CudaDevice device;
  Json report{{"context", bench::context(tenon::num_threads())}, {"roofs", device.roofs()}};
  report["context"].update(device.context());
  return measure_all(options, tenon::num_threads(), report, selected, [&](const bench::Selected& chosen) {
    return device.measure(chosen.one, chosen.size, {.rounds = options.rounds});
  });
}
#else
Json run_on_cuda(const Options&, const std::vector<bench::Selected>&) {
  throw tenon::Error("--device cuda: tenon was built without CUDA");
}
#endif

Json run(const Options& options, const std::vector<bench::Selected>& selected) {
  return options.device == "cpu" ? run_on_cpu(options, selected) : run_on_cuda(options, selected);
}

/// How long OpenBLAS's threads look for work, as a power of two of clock cycles. It is read when the process
/// starts. With the default, 26, they keep cores busy for 30 ms after a call, and the scheduler then leaves
/// the threads of the next contender on one core for a while: times were bimodal.
constexpr const char* openblas_timeout = "OPENBLAS_THREAD_TIMEOUT";

/// Starts this program again for each number of threads: libraries keep threads that a process cannot get rid
/// of. The first report takes in the rows of the others.
Json run_each(int argc, char** argv, const std::vector<int>& counts) {
  Json all;
  for (const int threads : counts) {
    const std::string file =
        fmt::format("{}/tenon_bench.{}.json", std::filesystem::temp_directory_path().string(), getpid());
    std::vector<std::string> words(argv, argv + argc);
    words.insert(words.end(), {"--part-threads", std::to_string(threads), "--part-json", file});
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const pid_t child = fork();
    if (child == 0) {
      setenv(openblas_timeout, "20", 0);
      execv("/proc/self/exe", arguments.data());
      _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    std::ifstream stream(file);
    tenon::check(stream.good(), "the process with {} threads left no report", threads);
    Json report = Json::parse(stream);
    std::filesystem::remove(file);
    if (all.is_null()) all = std::move(report);
    else
      for (Json& row : report["rows"]) all["rows"].push_back(std::move(row));
    fmt::print("\n");
  }
  all["context"]["threads"] = counts;
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  try {
    if (!options.isa.empty()) setenv("TENON_ISA", options.isa.c_str(), 1);
    const std::vector<bench::Selected> selected = bench::select(options.wanted);
    if (options.list) {
      bench::print_names(selected);
      return 0;
    }
    if (options.device == "cuda" && !tenon::cuda::is_available()) {
      fmt::print("tenon_bench: there is no CUDA device\n");
      return 77;
    }
    const bool here = options.threads == std::vector{1} || std::getenv(openblas_timeout);
    const Json report =
        here && options.threads.size() == 1 ? run(options, selected) : run_each(argc, argv, options.threads);
    save(options, report);
    int failed = 0;
    for (const Json& row : report["rows"]) failed += row.contains("failure");
    if (failed) fmt::print(stderr, "tenon_bench: {} of {} rows failed\n", failed, report["rows"].size());
    return failed ? 1 : 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "tenon_bench: {}\n", error.what());
    return 2;
  }
}
