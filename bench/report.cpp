#include "report.h"

#include <link.h>
#include <sys/utsname.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <tenon/io/plot.h>
#include <tenon/kernels/cpu/dispatch.h>

#include "commit.h"
#include "peers/peers.h"

namespace bench {
namespace {

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(": ") + 2);
  return "unknown";
}

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

/// The sizes of the files that are linked: tenon's static library, and the shared ones of a peer, added up.
Json library_sizes() {
  Json bytes = Json::object();
  if (const std::uintmax_t size = library_bytes()) bytes["tenon"] = size;
  using Entry = std::pair<const Library*, std::uintmax_t>;
  for (const Library* library : libraries()) {
    if (library->file.empty()) continue;  // it consists of headers
    Entry entry{library, 0};
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* data) {
          auto& [peer, size] = *static_cast<Entry*>(data);
          const std::filesystem::path path(info->dlpi_name);
          if (path.filename().string().starts_with(peer->file)) size += std::filesystem::file_size(path);
          return 0;
        },
        &entry);
    bytes[library->name] = entry.second;
  }
  return bytes;
}

Json json_of(const Timing& timing) {
  return {{"name", timing.name}, {"median_seconds", timing.median()}, {"p10_seconds", timing.quantile(10)},
      {"p90_seconds", timing.quantile(90)}, {"ratio", timing.ratio}};
}

/// GB/s, or GFLOP/s where arithmetic counts; empty where the call's overhead does.
std::string rate_text(const Json& row) {
  const double seconds = row["contenders"][0]["median_seconds"];
  const double flops = row["flops"], bytes = row["bytes"];
  if (flops > 0) return fmt::format("{:.3g} GFLOP/s", flops / seconds * 1e-9);
  return row.contains("roof") ? fmt::format("{:.3g} GB/s", bytes / seconds * 1e-9) : "";
}

}  // namespace

Json context(int threads) {
  utsname system{};
  uname(&system);
  Json peers = Json::object();
  for (const Library* library : libraries()) peers[library->name] = library->version;
  return {{"commit", commit}, {"date", fmt::format("{:%F}", fmt::gmtime(std::time(nullptr)))},
      {"processor", processor()}, {"cores", std::thread::hardware_concurrency()},
      {"system", fmt::format("{} {}", system.sysname, system.release)}, {"compiler", compiler()},
      {"isa", tenon::kernels::cpu::cpu_table().name}, {"threads", threads}, {"peers", peers},
      {"library_bytes", library_sizes()}};
}

Json json_of(const Roofs& roofs) {
  return {{"flops_per_second", roofs.flops}, {"l2_bytes_per_second", roofs.l2_bytes},
      {"memory_bytes_per_second", roofs.memory_bytes}, {"l2_bytes", roofs.sizes.l2},
      {"last_level_cache_bytes", roofs.sizes.last}};
}

Json json_of(const Row& row, int threads) {
  Json json{{"name", row.name}, {"size", row.size}, {"cold", row.cold}, {"threads", threads}};
  if (!row.failure.empty()) {
    json["failure"] = row.failure;
    return json;
  }
  json.update({{"bytes", row.bytes}, {"flops", row.flops}, {"largest_relative_error", row.largest_error},
      {"page_faults_per_call", row.page_faults}, {"contenders", Json::array()}});
  for (std::size_t i = 0; i < row.timings.size(); ++i) {
    json["contenders"].push_back(json_of(row.timings[i]));
    if (row.other_timings.empty()) continue;
    json["contenders"][i]["other_median_seconds"] = row.other_timings[i].median();
    json["contenders"][i]["host_bound"] = bool(row.host_bound[i]);
  }
  if (!row.limit.empty())
    json["roof"] = {{"limit", row.limit}, {"median_seconds", row.roof.median()}, {"share", row.roof.ratio}};
  return json;
}

void print_header(const Json& context, const Json& roofs) {
  const auto number = [&](const char* name) { return roofs[name].get<double>(); };
  const auto text = [&](const char* name) { return context[name].get<std::string>(); };
  const bool on_cuda = context.contains("card");
  if (on_cuda) fmt::print("{}, compute capability {}; ", text("card"), text("compute_capability"));
  fmt::print("{}, {} thread{}, tenon's {} kernels, {}, commit {}\n", text("processor"),
      context["threads"].get<int>(), context["threads"] == 1 ? "" : "s", text("isa"), text("compiler"),
      text("commit"));
  const Json& peers = context[on_cuda ? "cuda_peers" : "peers"];
  for (const auto& [name, version] : peers.items())
    fmt::print("peer: {} {}\n", name, version.get<std::string>());
  if (peers.empty()) fmt::print("no peer was found when this program was built\n");
  if (const Json& sizes = context["library_bytes"]; !sizes.empty()) {
    fmt::print("libraries:");
    for (const char* comma = ""; const auto& [name, bytes] : sizes.items())
      fmt::print("{} {} {:.3g} MB", std::exchange(comma, ","), name, bytes.get<double>() * 1e-6);
    fmt::print("\n");
  }
  fmt::print("roofs: {:.3g} GFLOP/s in float32, ", number("flops_per_second") * 1e-9);
  if (on_cuda)
    fmt::print("{:.0f} GB/s in memory; a launch takes {} in a queue, {} if it is waited for\n\n",
        number("memory_bytes_per_second") * 1e-9, seconds_text(number("launch_seconds")),
        seconds_text(number("waited_launch_seconds")));
  else
    fmt::print("{:.3g} GB/s in the L2 cache, {:.3g} GB/s in memory\n\n", number("l2_bytes_per_second") * 1e-9,
        number("memory_bytes_per_second") * 1e-9);
  fmt::print(
      "Median [10th, 90th percentile] of tenon's time per call; its rate; its share of the roof, which is "
      "the\n"
      "time of the same arithmetic, or of reading and writing the same bytes, alone; then each peer's time\n"
      "divided by tenon's: above 1 tenon is faster. All of them ran in turn, after their results were {}.\n"
      "{}\n\n"
      "{:<46} {:>9} {:<20} {:>13} {:>15}  peers\n",
      on_cuda ? "compared with the\nCPU's, tenon's bit for bit" : "compared",
      on_cuda
          ? "The time is the device's, for queued calls; of a step, the host's for calls that are waited for."
          : "cold: the inputs are in no cache.",
      "case/size", "median", "", "rate", "of the roof");
}

void print(const Json& row) {
  const std::string name = row["name"];
  if (row.contains("failure")) {
    fmt::print("{:<46} FAILED: {}\n", name, row["failure"].get<std::string>());
    return;
  }
  const Json& own = row["contenders"][0];
  std::string share, peers;
  if (row.contains("roof"))
    share = fmt::format(
        "{:.0f}% {}", 100 * row["roof"]["share"].get<double>(), row["roof"]["limit"].get<std::string>());
  for (std::size_t i = 1; i < row["contenders"].size(); ++i)
    peers += fmt::format("  {} {:.2f}", row["contenders"][i]["name"].get<std::string>(),
        row["contenders"][i]["ratio"].get<double>());
  fmt::print("{:<46} {:>9} {:<20} {:>13} {:>15}{}\n", name, seconds_text(own["median_seconds"]),
      fmt::format("[{}, {}]", seconds_text(own["p10_seconds"]), seconds_text(own["p90_seconds"])),
      rate_text(row), share, peers);
  std::fflush(stdout);
}

std::string csv_of(const Json& rows) {
  std::string text =
      "name,threads,contender,median_seconds,p10_seconds,p90_seconds,ratio,bytes,flops,share_of_roof\n";
  for (const Json& row : rows) {
    if (row.contains("failure")) continue;
    for (const Json& one : row["contenders"])
      text += fmt::format("{},{},{},{:.6g},{:.6g},{:.6g},{:.4g},{:.0f},{:.0f},{}\n",
          row["name"].get<std::string>(), row["threads"].get<int>(), one["name"].get<std::string>(),
          one["median_seconds"].get<double>(), one["p10_seconds"].get<double>(),
          one["p90_seconds"].get<double>(), one["ratio"].get<double>(), row["bytes"].get<double>(),
          row["flops"].get<double>(),
          row.contains("roof") && one["name"] == "tenon"
              ? fmt::format("{:.3f}", row["roof"]["share"].get<double>())
              : "");
  }
  return text;
}

}  // namespace bench
