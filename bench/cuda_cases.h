// The cases of bench_cuda_kernels.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include <tenon/tenon.h>

namespace bench {

using Tensors = std::vector<tenon::Tensor>;
/// Enqueues the work once and returns what it computes.
using Call = std::function<Tensors()>;

struct Case {
  std::string name;
  std::function<Call(tenon::Device)> make;  // the call, with its own inputs on that device
  double bytes = 0, flops = 0;              // the minimum memory traffic and arithmetic of a call
  bool per_call = false;                    // time whole calls, host included; otherwise the device's time
  int checked_calls = 1;                    // results are compared after this many calls
  std::string checked = "all";              // of the elements; for less than all:
  std::function<Tensors()> expected{};
  std::function<tenon::Tensor(const tenon::Tensor&)> part{};
  std::string peer{};
  std::function<Call()> make_peer{};
  double peer_tolerance = 0;
};

/// Functions that make the cases, so that only one case at a time has its inputs in memory.
std::vector<std::function<Case()>> cuda_cases();

}  // namespace bench
