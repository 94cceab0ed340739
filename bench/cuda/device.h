// The cases on a CUDA device: checked against the CPU's bits, timed by the device's clock.
#pragma once
#include <memory>

#include "../report.h"

namespace bench {

class CudaDevice {
 public:
  /// Measures the device's roofs.
  CudaDevice();
  ~CudaDevice();

  /// Card, driver, runtime, clocks, peers.
  Json context() const;
  Json roofs() const;
  Row measure(const Case& one, const Size& size, const Plan& plan);
  /// Calls a case once between cudaProfilerStart and cudaProfilerStop, after a call that the profiler does
  /// not see.
  static void profile(const Case& one, const Size& size);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bench
