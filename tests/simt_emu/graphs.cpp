// The emulator's CUDA graphs: while a stream is captured, launches and copies are added to a graph, and run
// when it is launched, in the order in which they were added.
#include <algorithm>

#include <simt_emu/runtime.h>

namespace simt::emu {

bool is_captured(void* stream) {
  const std::lock_guard lock(emulator_mutex);
  const auto handle = static_cast<cudaStream_t>(stream);
  return runtime().valid(handle) && Runtime::captured(handle);
}

void add_node(cudaStream_t stream, const void* kernel, Launch run) {
  stream->graph->nodes.push_back(std::make_unique<CUgraphNode_st>(CUgraphNode_st{kernel, std::move(run)}));
  stream->latest = stream->graph->nodes.back().get();
}

int capture(void* stream, const void* kernel, Launch launch) {
  return call(__func__, [&](Runtime&) {
    add_node(static_cast<cudaStream_t>(stream), kernel, std::move(launch));
    return cudaSuccess;
  });
}

int replace(void* graph, void* node, const void* kernel, Launch launch) {
  return call("cudaGraphExecKernelNodeSetParams", [&](Runtime& r) {
    const auto executable = static_cast<cudaGraphExec_t>(graph);
    if (!r.executables.contains(executable)) return cudaErrorInvalidResourceHandle;
    for (auto& [key, copy] : executable->nodes)
      if (key == node && copy.kernel == kernel) {
        copy.run = std::move(launch);
        return cudaSuccess;
      }
    return cudaErrorInvalidValue;
  });
}

}  // namespace simt::emu

using namespace simt::emu;

/// Only relaxed: the other modes forbid some calls on other streams, which is not checked here.
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  return call(__func__, [&](Runtime& r) {
    if (!stream || !r.valid(stream) || stream->graph || mode != cudaStreamCaptureModeRelaxed)
      return cudaErrorInvalidValue;
    r.graphs.insert(stream->graph = new CUgraph_st);
    return cudaSuccess;
  });
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  return call(__func__, [&](Runtime& r) {
    if (!r.valid(stream) || !Runtime::captured(stream)) return cudaErrorInvalidValue;
    *graph = std::exchange(stream->graph, nullptr);
    stream->latest = nullptr;
    if (!std::exchange(stream->invalid, false)) return cudaSuccess;
    r.graphs.erase(*graph);
    delete std::exchange(*graph, nullptr);
    return cudaErrorStreamCaptureInvalidated;
  });
}
cudaError_t cudaStreamGetCaptureInfo(cudaStream_t stream, cudaStreamCaptureStatus* status,
    unsigned long long* id, cudaGraph_t* graph, const cudaGraphNode_t** nodes,
    const cudaGraphEdgeData** edges, std::size_t* count) {
  return call(__func__, [&](Runtime& r) {
    if (!r.valid(stream) || id || graph || edges) return cudaErrorInvalidValue;
    const bool captured = Runtime::captured(stream);
    *status = captured ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
    *nodes = captured ? &stream->latest : nullptr;
    *count = captured && stream->latest;
    return cudaSuccess;
  });
}
cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
  return call(__func__, [&](Runtime& r) {
    if (!r.graphs.contains(graph) || nodes) return cudaErrorInvalidValue;
    *count = graph->nodes.size();
    return cudaSuccess;
  });
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return call(__func__, [&](Runtime& r) {
    if (r.graphs.erase(graph) == 0) return cudaErrorInvalidValue;
    delete graph;
    return cudaSuccess;
  });
}
cudaError_t cudaGraphInstantiateWithFlags(
    cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long flags) {
  return call(__func__, [&](Runtime& r) {
    if (!r.graphs.contains(graph) || flags != 0) return cudaErrorInvalidValue;
    r.executables.insert(*executable = new CUgraphExec_st);
    for (const auto& node : graph->nodes) (*executable)->nodes.emplace_back(node.get(), *node);
    return cudaSuccess;
  });
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  std::vector<Launch> work;
  const cudaError_t error = call(__func__, [&](Runtime& r) {
    if (!r.executables.contains(executable) || !r.valid(stream)) return cudaErrorInvalidResourceHandle;
    if (Runtime::captured(stream)) return Runtime::not_while_captured(stream);
    for (const auto& [key, node] : executable->nodes) work.push_back(node.run);
    return cudaSuccess;
  });
  if (error != cudaSuccess) return error;
  for (const Launch& run : work)
    if (const int failed = run(stream)) return static_cast<cudaError_t>(failed);
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  return call(__func__, [&](Runtime& r) {
    if (r.executables.erase(executable) == 0) return cudaErrorInvalidResourceHandle;
    delete executable;
    return cudaSuccess;
  });
}
