// CUDA graphs. While a stream is captured, its launches and copies become nodes of a graph; they run when the
// graph is launched. The graph holds the memory that they use:
//   - what recorded work releases, it may take again, but nobody else may (StreamState::parked);
//   - what is in use when the recording ends is parked as soon as its last tensor is gone.
#include <exception>
#include <memory>
#include <unordered_set>
#include <utility>

#include <tenon/core/cuda/runtime.h>

namespace tenon::cuda {

namespace {

/// Work whose launches get new arguments before each replay.
struct Work {
  std::function<void()> run;
  std::vector<cudaGraphNode_t> launches;
};

struct PinnedBlock {
  void* memory;
  std::size_t bytes;
};

}  // namespace

struct Capture {
  const std::uint64_t thread = this_thread();
  BlockCache released;                        // by recorded work
  std::unordered_set<const void*> allocated;  // by recorded work
  std::vector<PinnedBlock> pinned;
  std::vector<Work> works;
  bool working = false;  // in a call of capture_work()
  bool may_fault = false;
};

namespace {

struct RecordedGraph {
  Stream stream;
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  std::vector<void*> held;
  std::vector<PinnedBlock> pinned;
  std::vector<Work> works;
  bool may_fault = false;

  explicit RecordedGraph(Stream recorded) : stream(recorded) {}
  ~RecordedGraph();
  void record(const std::function<void()>& work);
  void finish(StreamState& state);
  void release_pinned_blocks(StreamState& state);
  void replace_arguments();
};

}  // namespace

// ---- recording

bool captured_by_this_thread(Stream stream) {
  const Capture* const capture = stream_state(stream).capture.load(std::memory_order_acquire);
  if (!capture) [[likely]]
    return false;
  check(capture->thread == this_thread(),
      "graph: another thread is recording the work of {}; use another stream until it has finished",
      to_string(stream));
  return true;
}

void check_not_captured(const char* op, const StreamState& state) {
  check(!state.capture.load(std::memory_order_relaxed),
      "{}: a cuda::Graph is recording the stream's work, which runs only when it is replayed; wait for "
      "results, and use other streams and events, outside the graph",
      op);
}

bool is_older_than_graph(Stream stream, const void* memory) {
  return !stream_state(stream).capture.load()->allocated.contains(memory);
}

void note_allocation(StreamState& state, void* block) { state.capture.load()->allocated.insert(block); }

void* take_from_graph(StreamState& state, std::size_t bytes) {
  void* const block = state.capture.load()->released.take(bytes);
  if (block) state.parked.erase(block);
  return block;
}

void give_to_graph(StreamState& state, void* block, std::size_t bytes) {
  state.parked.emplace(block, bytes);
  const bool reusable = recycles() && !state.exact.contains(block) && !state.held.contains(block);
  if (reusable) state.capture.load()->released.keep(block, bytes);
}

void keep_pinned(StreamState& state, void* block, std::size_t bytes) {
  Capture& capture = *state.capture.load();
  capture.pinned.push_back({block, bytes});
  check(!capture.working,
      "graph: an operation computes values on the CPU, which would be the same in each replay; call it "
      "outside the graph, and copy its result into a tensor that the graph reads");
}

void capture_work(Stream stream, const std::function<void()>& work) {
  Capture& capture = *stream_state(stream).capture.load();
  if (std::exchange(capture.working, true)) return work();  // it is part of other such work
  capture.works.push_back({work, {}});
  work();
  capture.working = false;
}

void note_captured_launch(StreamState& state, bool may_fault) {
  Capture& capture = *state.capture.load();
  capture.may_fault |= may_fault;
  if (!capture.working) return;
  cudaStreamCaptureStatus status{};
  const cudaGraphNode_t* nodes = nullptr;
  std::size_t count = 0;
#if CUDART_VERSION >= 13000
  const cudaError_t error =
      cudaStreamGetCaptureInfo(state.handle, &status, nullptr, nullptr, &nodes, nullptr, &count);
#else
  const cudaError_t error =
      cudaStreamGetCaptureInfo_v2(state.handle, &status, nullptr, nullptr, &nodes, &count);
#endif
  check(error == cudaSuccess && count == 1, "graph: {}", cudaGetErrorString(error));
  capture.works.back().launches.push_back(nodes[0]);  // what the next node would wait for: the launch
}

namespace {

void RecordedGraph::record(const std::function<void()>& work) {
  StreamState& state = stream_state(stream);
  const Device device = stream.device();
  const DeviceGuard guard(device);
  Capture capture;
  Capture* nobody = nullptr;
  check(state.capture.compare_exchange_strong(nobody, &capture),
      "graph: the work of {} is being recorded already", to_string(stream));
  // Waits, which the other modes forbid for all streams, are refused by check_not_captured().
  const cudaError_t began = cudaStreamBeginCapture(state.handle, cudaStreamCaptureModeRelaxed);
  std::exception_ptr failure;
  if (began == cudaSuccess) try {
      work();
    } catch (...) { failure = std::current_exception(); }
  const cudaError_t ended = began == cudaSuccess ? cudaStreamEndCapture(state.handle, &graph) : began;
  pinned = std::move(capture.pinned);
  works = std::move(capture.works);
  may_fault = capture.may_fault;
  finish(state);
  if (failure) std::rethrow_exception(failure);
  check_cuda("graph", ended, device);
  std::size_t count = 0;
  check_cuda("graph", cudaGraphGetNodes(graph, nullptr, &count), device);
  check(count > 0, "graph: the work has enqueued nothing on {}", to_string(stream));
  check_cuda("graph", cudaGraphInstantiateWithFlags(&executable, graph, 0), device);
}

/// Ends the recording, and holds everything that is not free for others now: tensors that exist, and what
/// recorded work has released.
void RecordedGraph::finish(StreamState& state) {
  const std::lock_guard lock(state.mutex);
  state.capture.store(nullptr, std::memory_order_release);
  std::unordered_set<void*> free;
  state.cache.each([&](void* block) { free.insert(block); });
  for (void* block : state.blocks)
    if (!free.contains(block)) {
      held.push_back(block);
      ++state.held[block];
    }
}

/// Replays in progress may still read them.
void RecordedGraph::release_pinned_blocks(StreamState& state) {
  if (pinned.empty()) return;
  if (Capture* const capture = state.capture.load()) {  // which a wait would make invalid
    capture->pinned.insert(capture->pinned.end(), pinned.begin(), pinned.end());
    return;
  }
  try {
    const DeviceGuard guard(stream.device());
    cudaStreamSynchronize(state.handle);
  } catch (const CudaError&) {  // the device no longer answers
  }
  for (const PinnedBlock& block : pinned) release_pinned(block.memory, block.bytes);
}

RecordedGraph::~RecordedGraph() {
  StreamState& state = stream_state(stream);
  if (executable) cudaGraphExecDestroy(executable);  // a replay in progress ends undisturbed
  if (graph) cudaGraphDestroy(graph);
  release_pinned_blocks(state);
  std::vector<std::pair<void*, std::size_t>> unused;
  {
    const std::lock_guard lock(state.mutex);
    for (void* block : held) {
      const auto count = state.held.find(block);
      if (--count->second > 0) continue;
      state.held.erase(count);
      if (const auto parked = state.parked.find(block); parked != state.parked.end()) {
        unused.emplace_back(*parked);
        state.parked.erase(parked);
      }
    }
  }
  for (const auto& [block, bytes] : unused) give_back(stream, block, bytes);
}

// ---- replaying

/// The work whose recorded launches get new arguments.
struct Replacing {
  cudaGraphExec_t executable;
  const std::vector<cudaGraphNode_t>& launches;
  std::size_t next = 0;
};
constinit thread_local Replacing* replacing = nullptr;

}  // namespace

CapturedLaunch launch_to_replace() {
  if (!replacing) [[likely]]
    return {};
  check(replacing->next < replacing->launches.size(),
      "replay: repeated work launches more kernels than it did when it was recorded: {}",
      replacing->launches.size());
  return {replacing->executable, replacing->launches[replacing->next++]};
}

namespace {

void RecordedGraph::replace_arguments() {
  for (const Work& work : works) {
    Replacing now{executable, work.launches};
    struct Scope {
      explicit Scope(Replacing& one) { replacing = &one; }
      ~Scope() { replacing = nullptr; }
    } const scope(now);
    work.run();
    check(now.next == work.launches.size(),
        "replay: repeated work launches {} kernels; when it was recorded, it launched {}", now.next,
        work.launches.size());
  }
}

}  // namespace

void* record_graph(Stream stream, const std::function<void()>& work) {
  auto graph = std::make_unique<RecordedGraph>(stream);
  graph->record(work);
  return graph.release();
}

void replay_graph(void* recorded) {
  RecordedGraph& graph = *static_cast<RecordedGraph*>(recorded);
  StreamState& state = stream_state(graph.stream);
  check_not_captured("replay", state);
  const DeviceGuard guard(graph.stream.device());
  graph.replace_arguments();
  check_cuda("replay", cudaGraphLaunch(graph.executable, state.handle), graph.stream.device());
  if (graph.may_fault) note_launcher(state);
  if (synchronous()) wait("replay", graph.stream);
}

void destroy_graph(void* graph) noexcept { delete static_cast<RecordedGraph*>(graph); }

}  // namespace tenon::cuda
