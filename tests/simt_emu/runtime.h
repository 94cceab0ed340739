// State of the emulated CUDA runtime. Private to cudart.cpp and cudart_memory.cpp.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <cuda_runtime_api.h>
#include <simt_emu/scheduler.h>

struct CUgraphNode_st {
  const void* kernel;  // null: a copy
  simt::emu::Launch run;
};

struct CUgraph_st {
  std::vector<std::unique_ptr<CUgraphNode_st>> nodes;
};

struct CUgraphExec_st {
  std::vector<std::pair<cudaGraphNode_t, CUgraphNode_st>> nodes;  // the graph's node, and the copy that runs
};

struct CUstream_st {
  int device;
  unsigned flags;
  cudaGraph_t graph = nullptr;       // that captures the stream
  cudaGraphNode_t latest = nullptr;  // in this graph
  bool invalid = false;              // the capture, because of a call that it forbids
};

struct CUevent_st {
  int device;
  bool timed, recorded = false;
  std::chrono::steady_clock::time_point time{};
};

namespace simt::emu {

inline constexpr int most_devices = 16;
inline constexpr int pinned = -1;  // an allocation's device, of pinned CPU memory

struct Allocation {
  std::size_t bytes;
  int device;
};

struct Runtime {
  int devices = 2;
  std::size_t device_memory = std::size_t{4} << 30, used[most_devices] = {};
  std::map<std::uintptr_t, Allocation> allocations;
  std::set<cudaStream_t> streams;
  std::set<cudaEvent_t> events;
  std::set<cudaGraph_t> graphs;
  std::set<cudaGraphExec_t> executables;
  std::map<std::string, cudaError_t> to_fail;
  cudaError_t fail_launch = cudaSuccess, lost = cudaSuccess;
  std::map<const void*, std::size_t> launches;  // per kernel

  bool valid(cudaStream_t stream) const { return !stream || streams.count(stream) > 0; }
  bool valid(cudaEvent_t event) const { return events.count(event) > 0; }
  static bool captured(cudaStream_t stream) { return stream && stream->graph; }
  /// What a call returns that waits for the stream, or that is stricter here than in CUDA.
  static cudaError_t not_while_captured(cudaStream_t stream) {
    if (!captured(stream)) return cudaSuccess;
    stream->invalid = true;
    return cudaErrorStreamCaptureUnsupported;
  }
};
/// The mutex must be held.
Runtime& runtime();

extern constinit thread_local int current_device;
/// A kernel's name with its template arguments, such as `void sgd_short<float, 4>(int, ...)`, with
/// namespaces.
std::string name_of(const void* kernel);
/// Stores an error for cudaGetLastError and returns it.
cudaError_t noted(cudaError_t error);

/// Runs `body` as a call of the runtime, unless there is no device or a test made the function fail.
enum class Uses { device, host };  // whether it fails after a device is lost
template <class F>
cudaError_t call(const char* function, F&& body, Uses uses = Uses::device) {
  const std::lock_guard lock(emulator_mutex);
  Runtime& r = runtime();
  if (const auto found = r.to_fail.find(function); found != r.to_fail.end()) {
    const cudaError_t error = found->second;
    r.to_fail.erase(found);
    return noted(error);
  }
  if (r.devices == 0) return noted(cudaErrorInsufficientDriver);
  if (uses == Uses::device && r.lost != cudaSuccess) return noted(r.lost);
  return noted(body(r));
}

/// Runs a copy, or adds it to the graph that captures the stream. The mutex must be held.
void add_node(cudaStream_t stream, const void* kernel, Launch run);
template <class F>
cudaError_t enqueue(Runtime& r, cudaStream_t stream, F&& body) {
  if (!Runtime::captured(stream)) return body(r);
  add_node(stream, nullptr,
      [body = std::forward<F>(body)](void*) { return int(call("a copy in a graph", body)); });
  return cudaSuccess;
}

}  // namespace simt::emu
