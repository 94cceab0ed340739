// tenon_bench_emulated: the CUDA cases without a GPU. The kernels run in the emulator of tests/simt_emu,
// which cannot time them but counts what they ask of a GPU's memory and how their threads diverge.
#include <cstdio>

#include <fmt/format.h>
#include <simt_emu/counters.h>

#include <tenon/core/cuda/backend.h>
#include <tenon/io/atomic_file.h>
#include <tenon/tenon.h>

#include "options.h"
#include "report.h"

namespace {

using bench::Json, bench::Tensors;
using simt::emu::KernelCounters;

Json json_of(const KernelCounters& counters) {
  return {{"kernel", counters.kernel}, {"grid", counters.grid}, {"threads", counters.threads},
      {"global_requests", counters.global().requests}, {"global_bytes", counters.global().bytes},
      {"sectors", counters.global().sectors}, {"shared_wavefronts", counters.shared().wavefronts},
      {"bank_conflicts", counters.shared().conflicts()}, {"atomics", counters.atomics},
      {"active_lanes", counters.active_lanes()}};
}

/// Runs a case once, checks that its results have the CPU's bits, and counts its launches.
Json measure(const bench::Selected& chosen) {
  Json row{{"name", bench::row_name(chosen.one, chosen.size, false)}, {"size", chosen.size}};
  try {
    tenon::manual_seed(0);
    const Tensors inputs = chosen.one.inputs(chosen.size);
    const Tensors expected = bench::result_on_cpu(chosen.one, inputs);
    const bench::Work work = bench::work_on_cuda(chosen.one, {bench::on_cuda(inputs)}, expected);
    row["bytes"] = bench::traffic_of(chosen.one, chosen.size, inputs, expected).all();
    row["flops"] = chosen.one.flops ? chosen.one.flops(chosen.size) : 0;
    row["launches"] = Json::array();
    simt::emu::start_counting();
    work.run(1);
    for (const KernelCounters& counters : simt::emu::stop_counting())
      row["launches"].push_back(json_of(counters));
  } catch (const std::exception& error) { row["failure"] = error.what(); }
  return row;
}

void print(const Json& row) {
  const std::string name = row["name"];
  if (row.contains("failure")) {
    fmt::print("{:<40} FAILED: {}\n", name, row["failure"].get<std::string>());
    return;
  }
  double moved = 0;
  for (const Json& launch : row["launches"]) moved += 32 * launch["sectors"].get<double>();
  const double bytes = row["bytes"];
  fmt::print("{:<40} {:>2} launch{:<2} {:>10.0f} bytes at least, {:>10.0f} moved ({:.2f})\n", name,
      row["launches"].size(), row["launches"].size() == 1 ? "" : "es", bytes, moved,
      bytes > 0 ? moved / bytes : 0);
  for (const Json& launch : row["launches"]) {
    const double sectors = launch["sectors"];
    fmt::print(
        "    {:<52} {:>5} x {:<4} {:>9} requests  {:.2f} coalesced  {:>6} conflicts  {:>6} atomics  {:.2f} "
        "lanes\n",
        launch["kernel"].get<std::string>().substr(0, 52), launch["grid"].get<unsigned>(),
        launch["threads"].get<unsigned>(), launch["global_requests"].get<std::uint64_t>(),
        sectors > 0 ? launch["global_bytes"].get<double>() / (32 * sectors) : 1,
        launch["bank_conflicts"].get<std::uint64_t>(), launch["atomics"].get<std::uint64_t>(),
        launch["active_lanes"].get<double>());
  }
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  bench::Wanted wanted{.device = bench::Where::emulated};
  bool list = false;
  int multiprocessors = 132;
  std::string json;
  CLI::App app("Counts what the CUDA kernels ask of a GPU, without one: they run in an emulator.");
  bench::add_selection(app, list, wanted);
  app.add_option(
         "--multiprocessors", multiprocessors, "of the device that kernels are chosen for; 132 is an H100")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--json", json, "write the counters into this file");
  bench::parse_or_exit(app, argc, argv, "tenon_bench_emulated");
  try {
    const std::vector<bench::Selected> selected = bench::select(wanted);
    if (list) {
      bench::print_names(selected);
      return 0;
    }
    tenon::cuda::override_multiprocessors(tenon::Device::cuda(), multiprocessors);
    fmt::print(
        "The CUDA kernels in an emulator, as on a device with {} multiprocessors. Each result was compared "
        "with the\n"
        "CPU's, bit for bit. Bytes: the least that a call must read and write, and what it moves, in sectors "
        "of 32.\n"
        "Coalesced: the bytes that threads ask for, per byte moved. Conflicts: extra passes over shared "
        "memory.\n"
        "Lanes: the mean share of a warp's threads that execute an instruction together.\n\n",
        multiprocessors);
    Json report{{"multiprocessors", multiprocessors}, {"rows", Json::array()}};
    int failed = 0;
    for (const bench::Selected& chosen : selected) {
      report["rows"].push_back(measure(chosen));
      print(report["rows"].back());
      failed += report["rows"].back().contains("failure");
      if (!json.empty()) tenon::io::write_file_atomically(json, report.dump(1) + "\n");
    }
    if (failed) fmt::print(stderr, "tenon_bench_emulated: {} of {} rows failed\n", failed, selected.size());
    return failed ? 1 : 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "tenon_bench_emulated: {}\n", error.what());
    return 2;
  }
}
