// Timing by the device's clock.
#pragma once
#include <algorithm>
#include <cmath>
#include <functional>

#include <cuda_runtime_api.h>

#include <tenon/core/cuda.h>
#include <tenon/tenon.h>

#include "../timing.h"

namespace bench {

inline void check_runtime(cudaError_t error) {
  tenon::check(error == cudaSuccess, "CUDA: {}", cudaGetErrorString(error));
}

/// Measures contenders by the device's clock.
class DeviceClock {
 public:
  DeviceClock()
      : from_(tenon::randn({size / 4}, {.device = tenon::Device::cuda()})),
        to_(tenon::empty({size / 4}, from_.options())) {
    char ignored = 0;
    copy_seconds_ = 1e-3;  // an initial guess; the calls queued behind it are copies too
    const auto copies = [this](std::int64_t calls) {
      for (std::int64_t i = 0; i < calls; ++i) copy();
    };
    copy_seconds_ = race({on_device("copy", copies, ignored)}, 21)[0].median();
  }

  double copy_rate() const { return 2.0 * size / copy_seconds_; }

  /// Times one of several queued calls. If they could not all be queued, `host_bound` becomes true: the time
  /// then includes pauses of the host.
  Contender on_device(std::string name, std::function<void(std::int64_t calls)> run, char& host_bound) {
    run(3);
    stream_.synchronize();
    constexpr int tries = 10;
    const auto start = Clock::now();
    run(tries);
    const double host = seconds_since(start) / tries;
    stream_.synchronize();
    const double each = seconds_since(start) / tries;
    int calls = static_cast<int>(std::clamp(1e-3 / each, 1.0, 100.0));
    int copies =
        static_cast<int>(std::min<double>(1 + std::ceil(1.5 * host * calls / copy_seconds_), most_copies));
    return {std::move(name), [=, this, &host_bound]() mutable {
              while (!in_line(run, calls, copies)) {
                host_bound = copies == most_copies;
                if (host_bound) break;
                copies = std::min(2 * copies, most_copies);
                calls = std::max(1, calls / 2);
              }
              return 1e-3 * tenon::cuda::Event::elapsed_ms(begin_, end_) / calls;
            }};
  }

 private:
  static constexpr std::int64_t size = 1 << 30;
  static constexpr int most_copies = 64;

  /// Queues copies, then the calls between two events. Only the calls may lie between the events, so the last
  /// call must be queued while the copies still keep the device busy, that is, before `begin_` is reached.
  /// Otherwise the time includes pauses of the host, and the result is false: retry with more copies and
  /// fewer calls (a queue holds about a thousand launches).
  bool in_line(const std::function<void(std::int64_t)>& run, int calls, int copies) {
    for (int c = 0; c < copies; ++c) copy();
    begin_.record(stream_);
    run(calls);
    end_.record(stream_);
    const bool busy = !begin_.ready();
    stream_.synchronize();
    return busy;
  }

  void copy() const {
    check_runtime(cudaMemcpyAsync(to_.raw(), from_.raw(), size, cudaMemcpyDeviceToDevice, nullptr));
  }

  tenon::Tensor from_, to_;
  tenon::Stream stream_ = tenon::Stream::current(tenon::Device::cuda());
  tenon::cuda::Event begin_, end_;
  double copy_seconds_ = 0;
};

}  // namespace bench
