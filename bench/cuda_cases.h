// What bench_cuda_kernels measures.
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
  std::function<Call(tenon::Device)> make;  // the call, over inputs of its own on that device
  double bytes = 0, flops = 0;              // the least that a call has to move through memory, and compute
  bool per_call = false;        // what counts is a call, host included; otherwise the device's time
  int checked_calls = 1;        // results are compared after so many
  std::string checked = "all";  // of the elements; for less than all:
  std::function<Tensors()> expected{};
  std::function<tenon::Tensor(const tenon::Tensor&)> part{};
  std::string peer{};
  std::function<Call()> make_peer{};
  double peer_tolerance = 0;
};

/// Makers, so that the inputs of one case at a time are in memory.
std::vector<std::function<Case()>> cuda_cases();

}  // namespace bench
