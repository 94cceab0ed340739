#include "device.h"

#include <algorithm>
#include <cmath>

#include <cuda_profiler_api.h>
#include <fmt/format.h>

#include "clock.h"
#include "kernels.h"
#include "peers.h"

using namespace tenon;

namespace bench {
namespace {

int attribute(cudaDeviceAttr which) {
  int value = 0;
  check_runtime(cudaDeviceGetAttribute(&value, which, 0));
  return value;
}

}  // namespace

struct CudaDevice::State {
  DeviceClock clock{};
  double l2_bytes = attribute(cudaDevAttrL2CacheSize);
  int multiprocessors = attribute(cudaDevAttrMultiProcessorCount);
  double flops = 0;  // per second, measured
  Timing launch{}, waited_launch{};

  /// Device time and host time, the latter of calls that are waited for.
  struct Timed {
    std::vector<Timing> device{}, call{};
    std::vector<char> host_bound{};
  };
  Timed time(const std::vector<Work>& works, const std::vector<std::string>& names, int rounds) {
    Timed timed;
    timed.host_bound.resize(works.size());
    std::vector<Contender> on_device, whole;
    for (std::size_t i = 0; i < works.size(); ++i) {
      on_device.push_back(clock.on_device(names[i], works[i].run, timed.host_bound[i]));
      whole.push_back(on_host(
          names[i],
          [run = works[i].run](std::int64_t calls) {
            for (std::int64_t c = 0; c < calls; ++c) {
              run(1);
              cuda::synchronize();
            }
          },
          1e-3));
    }
    timed.device = race(on_device, rounds);
    timed.call = race(whole, rounds);
    return timed;
  }
};

CudaDevice::CudaDevice() {
  state_ = std::make_unique<State>();
  const Tensor out = empty({1}, {.device = Device::cuda()});
  void* const stream = Stream::current(Device::cuda()).native_handle();
  const int blocks = 8 * state_->multiprocessors, steps = 2000;
  const Work arithmetic{[=](std::int64_t calls) {
                          for (std::int64_t i = 0; i < calls; ++i)
                            launch_fma(const_cast<float*>(out.ptr<float>()), blocks, steps, stream);
                        },
      {}};
  state_->flops = 2.0 * fma_per_step * fma_threads * blocks * steps /
                  state_->time({arithmetic}, {"fma"}, 21).device[0].median();
  const Tensor number = ones({1}, {.device = Device::cuda()});
  const Work launch{[=](std::int64_t calls) {
                      for (std::int64_t i = 0; i < calls; ++i) number + number;
                    },
      {}};
  const State::Timed timed = state_->time({launch}, {"launch"}, 21);
  state_->launch = timed.device[0];
  state_->waited_launch = timed.call[0];
}

CudaDevice::~CudaDevice() = default;

Json CudaDevice::context() const {
  int driver = 0, runtime = 0;
  check_runtime(cudaDriverGetVersion(&driver));
  check_runtime(cudaRuntimeGetVersion(&runtime));
  cudaDeviceProp properties{};
  check_runtime(cudaGetDeviceProperties(&properties, 0));
  Json peers = Json::object();
  for (const Library* library : cuda_libraries()) peers[library->name] = library->version;
  return {{"card", properties.name},
      {"compute_capability", fmt::format("{}.{}", properties.major, properties.minor)},
      {"multiprocessors", state_->multiprocessors},
      {"highest_clock_mhz", attribute(cudaDevAttrClockRate) * 1e-3}, {"cuda_of_driver", driver},
      {"cuda_of_runtime", runtime}, {"cuda_peers", peers}};
}

Json CudaDevice::roofs() const {
  return {{"flops_per_second", state_->flops}, {"memory_bytes_per_second", state_->clock.copy_rate()},
      {"l2_bytes", state_->l2_bytes}, {"launch_seconds", state_->launch.median()},
      {"waited_launch_seconds", state_->waited_launch.median()}};
}

Row CudaDevice::measure(const Case& one, const Size& size, const Plan& plan) {
  Row row{.name = row_name(one, size, false), .size = size};
  try {
    manual_seed(0);
    const Tensors inputs = one.inputs(size);
    const Tensors expected = result_on_cpu(one, inputs);
    const Traffic traffic = traffic_of(one, size, inputs, expected);
    row.bytes = traffic.all();
    row.flops = one.flops ? one.flops(size) : 0;
    // Several sets of inputs, so that none is found in the L2 cache.
    const double wanted = std::clamp(std::ceil(2 * state_->l2_bytes / std::max(row.bytes, 1.0)), 1.0, 32.0);
    std::vector<Tensors> sets{on_cuda(inputs)};
    while (static_cast<double>(sets.size()) < wanted) sets.push_back(on_cuda(one.inputs(size)));

    std::vector<Work> works{work_on_cuda(one, sets, expected)};
    std::vector<std::string> names{"tenon"};
    for (const Library* library : cuda_libraries()) {
      const auto peer = library->cases.find(one.name);
      if (peer == library->cases.end()) continue;
      works.push_back(peer->second(sets));
      names.push_back(library->name);
      const Tensors result = works.back().result();
      if (one.check_result) one.check_result(result);
      else row.largest_error = std::max(row.largest_error, compare(library->name, result, expected, 1e-4));
    }
    const State::Timed timed = state_->time(works, names, plan.rounds);
    row.timings = one.whole_calls ? timed.call : timed.device;
    row.other_timings = one.whole_calls ? timed.device : timed.call;
    row.host_bound.assign(timed.host_bound.begin(), timed.host_bound.end());
    const bool cached = static_cast<double>(sets.size()) * row.bytes < 2 * state_->l2_bytes;
    const double moving = row.bytes / state_->clock.copy_rate(), computing = row.flops / state_->flops;
    if (computing > moving) row.limit = "arithmetic";
    else if (!cached && !one.whole_calls) row.limit = "memory";
    if (!row.limit.empty()) {
      const double floor = std::max(moving, computing);
      row.roof = {"roof", {floor}, floor / row.timings[0].median()};
    }
  } catch (const std::exception& error) { row.failure = error.what(); }
  return row;
}

void CudaDevice::profile(const Case& one, const Size& size) {
  manual_seed(0);
  const Work work = one.make({on_cuda(one.inputs(size))});
  work.run(1);
  cuda::synchronize();
  fmt::print("{}\n", row_name(one, size, false));
  std::fflush(stdout);
  check_runtime(cudaProfilerStart());
  work.run(1);
  cuda::synchronize();
  check_runtime(cudaProfilerStop());
}

}  // namespace bench
