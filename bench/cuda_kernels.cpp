// The CUDA kernels: checks that every result has the same bits as the CPU's, then compares the time with the
// limits of the card and, for matrix products, with cuBLAS where it is found.
#include <algorithm>
#include <cmath>

#include <cuda_profiler_api.h>
#include <cuda_runtime_api.h>
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <tenon/core/cuda.h>
#include <tenon/io/atomic_file.h>
#include <tenon/tenon.h>

#include "cuda_cases.h"
#include "device_clock.h"

using namespace tenon;

namespace {

using bench::Call, bench::Case, bench::Tensors, bench::Contender, bench::Timing;
using bench::check_runtime, bench::DeviceClock, bench::rounds;
using Json = nlohmann::ordered_json;

// ---- the card

int attribute(cudaDeviceAttr which) {
  int value = 0;
  check_runtime(cudaDeviceGetAttribute(&value, which, 0));
  return value;
}

struct Card {
  std::string name;
  int major = attribute(cudaDevAttrComputeCapabilityMajor);
  int minor = attribute(cudaDevAttrComputeCapabilityMinor);
  int multiprocessors = attribute(cudaDevAttrMultiProcessorCount);
  double clock = 1e3 * attribute(cudaDevAttrClockRate);  // the highest; often lower under load
  double l2_bytes = attribute(cudaDevAttrL2CacheSize);
  double copy_rate = 0;  // measured, in bytes per second, read plus written

  Card() {
    cudaDeviceProp properties{};
    check_runtime(cudaGetDeviceProperties(&properties, 0));
    name = properties.name;
  }
  /// float32 operations per second at the highest clock; an fma counts as two.
  double peak() const {
    const bool half = major < 8 || (major == 8 && minor == 0);  // these have 64 lanes per multiprocessor
    return 2.0 * (half ? 64 : 128) * multiprocessors * clock;
  }
};

// ---- checking

Tensors after(const Call& call, int calls) {
  for (int i = 1; i < calls; ++i) call();
  return call();
}

/// Throws if a result differs from the CPU's.
void verify(const Case& one, const Call& call, const Call& peer) {
  const Tensors expected = one.expected ? one.expected() : after(one.make(Device::cpu()), one.checked_calls);
  const auto part = [&](const Tensor& found) { return one.part ? one.part(found) : found; };
  const Tensors found = after(call, one.checked_calls);
  for (std::size_t i = 0; i < expected.size(); ++i)
    check(bitwise_equal(part(found[i]), expected[i]), "{}: result {} has other bits than on the CPU",
        one.name, i);
  if (peer)
    check(allclose(part(peer()[0]).to(Device::cpu()), expected[0], 1e-4, one.peer_tolerance),
        "{}: {} is wrong", one.name, one.peer);
}

// ---- timing

/// Cycles through several sets of inputs, so that none is found in the L2 cache.
struct Rotation {
  std::vector<Call> calls;
  std::vector<Tensors> results{};
  std::size_t next = 0;

  void operator()() {
    results.resize(calls.size());
    results[next] = calls[next]();
    next = (next + 1) % calls.size();
  }
};

/// A contender timed by the device's clock and by the host's, the latter around synchronised calls.
struct Timed {
  Timing device, call;
  bool host_bound = false;
};

std::vector<Timed> race(DeviceClock& clock, const std::vector<Rotation*>& runs) {
  std::vector<Timed> timed(runs.size());
  std::vector<Contender> on_device, on_host;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (std::size_t call = 0; call < runs[i]->calls.size(); ++call) (*runs[i])();
    on_device.push_back(clock.on_device(std::ref(*runs[i]), timed[i].host_bound));
    on_host.push_back(bench::on_host("call", std::ref(*runs[i]), [] { cuda::synchronize(); }));
  }
  const auto device = bench::race(on_device, rounds), call = bench::race(on_host, rounds);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    timed[i].device = device[i];
    timed[i].call = call[i];
  }
  return timed;
}

// ---- the report

Json json_of(const Timing& timing) {
  return {{"median", timing.median()}, {"min", timing.quantile(0)}, {"max", timing.quantile(100)}};
}

Json json_of(const Timed& timed) {
  return {{"device_seconds", json_of(timed.device)}, {"call_seconds", json_of(timed.call)},
      {"host_bound", timed.host_bound}};
}

std::string text_of(const Timing& timing) {
  return fmt::format("{} [{}, {}]", bench::seconds_text(timing.median()),
      bench::seconds_text(timing.quantile(0)), bench::seconds_text(timing.quantile(100)));
}

const char* host_bound(const Timed& timed) { return timed.host_bound ? " host-bound" : ""; }

/// Checks and times one case and returns a line of the table and the same as JSON.
Json measure(const Case& one, const Card& card, DeviceClock& clock) {
  const double sets = std::clamp(std::ceil(2 * card.l2_bytes / std::max(one.bytes, 1.0)), 1.0, 32.0);
  Rotation own{{one.make(Device::cuda())}}, peer{{}};
  if (one.make_peer) peer = Rotation{{one.make_peer()}};
  verify(one, own.calls[0], one.make_peer ? peer.calls[0] : Call());
  for (int i = 1; i < (one.bytes > 0 ? static_cast<int>(sets) : 1); ++i) {
    own.calls.push_back(one.make(Device::cuda()));
    if (one.make_peer) peer.calls.push_back(one.make_peer());
  }
  const std::vector<Timed> timed = race(clock, one.make_peer ? std::vector{&own, &peer} : std::vector{&own});

  const double seconds = timed[0].device.median();
  const double moving = one.bytes / card.copy_rate, computing = one.flops / card.peak();
  Json json{{"name", one.name}, {"passed", true}, {"checked", one.checked}, {"sets", own.calls.size()},
      {"counts", one.per_call ? "call" : "device"}};
  json.update(json_of(timed[0]));
  std::string rate, share, beside;
  if (one.bytes > 0) {
    const bool arithmetic = computing > moving;
    const bool cached = static_cast<double>(own.calls.size()) * one.bytes < 2 * card.l2_bytes;
    rate = arithmetic ? fmt::format("{:.2f} TFLOP/s", one.flops / seconds * 1e-12)
                      : fmt::format("{:.0f} GB/s", one.bytes / seconds * 1e-9);
    json.update({{"bytes", one.bytes}, {"flops", one.flops}, {"rate", rate}, {"cached", cached},
        {"floor", arithmetic ? "arithmetic" : "memory"}, {"floor_seconds", std::max(moving, computing)}});
    if (cached && !arithmetic) {
      share = "in cache";  // its input is not read from memory, so the memory floor does not apply
    } else {
      const double part = std::max(moving, computing) / seconds;
      share = fmt::format("{:.0f}%", 100 * part);
      json["share_of_floor"] = part;
    }
  }
  json["peers"] = Json::array();
  if (one.make_peer) {
    Json beside_it{{"name", one.peer}, {"ratio", timed[1].device.ratio}};
    beside_it.update(json_of(timed[1]));
    json["peers"].push_back(std::move(beside_it));
    beside = fmt::format("{}{}, {:.2f}", bench::seconds_text(timed[1].device.median()), host_bound(timed[1]),
        timed[1].device.ratio);
  }
  fmt::print("| {} | {}{} | {} | {} | {} | {} |\n", one.name, text_of(timed[0].device), host_bound(timed[0]),
      bench::seconds_text(timed[0].call.median()), rate, share, beside);
  std::fflush(stdout);
  return json;
}

/// Calls cases for a profiler that starts with cudaProfilerStart: each once, after one call that it does not
/// see.
void profile(const std::vector<std::string>& names) {
  for (const auto& make : bench::cuda_cases()) {
    const Case one = make();
    if (std::find(names.begin(), names.end(), one.name) == names.end()) continue;
    const Call call = one.make(Device::cuda());
    call();
    cuda::synchronize();
    fmt::print("{}\n", one.name);
    std::fflush(stdout);
    check_runtime(cudaProfilerStart());
    call();
    cuda::synchronize();
    check_runtime(cudaProfilerStop());
  }
}

Json json_of(const Card& card) {
  int driver = 0, runtime = 0;
  check_runtime(cudaDriverGetVersion(&driver));
  check_runtime(cudaRuntimeGetVersion(&runtime));
  return {{"name", card.name}, {"compute_capability", fmt::format("{}.{}", card.major, card.minor)},
      {"multiprocessors", card.multiprocessors}, {"clock_mhz", card.clock * 1e-6},
      {"l2_bytes", card.l2_bytes}, {"cuda_of_driver", driver}, {"cuda_of_runtime", runtime},
      {"copy_bytes_per_second", card.copy_rate}, {"fp32_flops_per_second", card.peak()}};
}

}  // namespace

int main(int argc, char** argv) {
  bool card_only = false;
  std::vector<std::string> profiled;
  const bench::Options options = bench::parse(argc, argv,
      "Checks the CUDA kernels against the CPU and times them, beside cuBLAS where it was found.", {"cuda"},
      num_threads(), [&](CLI::App& app) {
        app.add_flag("--card", card_only, "measure only the card: a copy's bandwidth and a launch");
        app.add_option("--profile", profiled, "only call the cases of these names, for a profiler");
      });
  if (!cuda::is_available()) {
    fmt::print("bench_cuda_kernels: there is no CUDA device\n");
    return 77;
  }
  try {
    set_num_threads(options.threads);
    manual_seed(0);
    if (!profiled.empty()) {
      profile(profiled);
      return 0;
    }
    Card card;
    DeviceClock clock;
    card.copy_rate = clock.copy_rate();
    fmt::print(
        "{}: copies at {:.0f} GB/s (read and written, measured), float32 at {:.1f} TFLOP/s ({} "
        "multiprocessors at {:.0f} MHz, the most)\n",
        card.name, card.copy_rate * 1e-9, card.peak() * 1e-12, card.multiprocessors, card.clock * 1e-6);
    const Tensor number = ones({1}, {.device = Device::cuda()});
    Rotation launch{{[&] { return Tensors{number + number}; }}};
    const Timed launched = race(clock, {&launch})[0];
    fmt::print("a launch (one addition): {} in a queue, {} if it is waited for\n\n", text_of(launched.device),
        text_of(launched.call));
    Json json{{"card", json_of(card)}, {"cases", Json::array()}};
    json["card"]["launch"] = json_of(launched);
    int failed = 0;
    const auto save = [&] {  // after every case, so that an interrupted run keeps its results
      json["failed"] = failed;
      if (!options.json.empty()) io::write_file_atomically(options.json, json.dump(2) + "\n");
    };
    save();
    if (card_only) return 0;
    fmt::print(
        "| Case | device time [min, max] | call | rate | of the floor | cuBLAS, its time / ours |\n"
        "| --- | --- | --- | --- | --- | --- |\n");
    for (const auto& make : bench::cuda_cases()) {
      std::string name = "a case";
      try {
        const Case one = make();
        name = one.name;
        json["cases"].push_back(measure(one, card, clock));
      } catch (const std::exception& error) {
        ++failed;
        fmt::print("| {} | **failed** | {} | | | |\n", name, error.what());
        json["cases"].push_back({{"name", name}, {"passed", false}, {"error", error.what()}});
      }
      save();
    }
    fmt::print("\n{} of {} cases failed\n", failed, json["cases"].size());
    return failed ? 1 : 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_cuda_kernels: {}\n", error.what());
    return 1;
  }
}
