// The state kept for each stream of each device. It is never destroyed: tensors of static lifetime may be
// released after everything else.
#pragma once
#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <tenon/core/cuda/driver.h>

namespace tenon::cuda {

/// Whether blocks of memory are kept for reuse. Recycled blocks would hide out-of-bounds reads from a memory
/// checker.
bool recycles();

/// Blocks kept for reuse, by size: from 512 bytes, four sizes per doubling; above 64 MiB, multiples of 2 MiB,
/// the device's own granularity.
class BlockCache {
 public:
  /// The size of the block that serves `bytes`: the next of these sizes.
  static std::size_t block_bytes(std::size_t bytes);
  /// A kept block, or null.
  void* take(std::size_t bytes);
  void keep(void* block, std::size_t bytes);
  /// Removes and returns every kept block, for freeing.
  std::vector<void*> drain();
  /// Calls f(block) for every kept block.
  template <class F>
  void each(F f) const {
    for (const auto& list : small_)
      for (void* block : list) f(block);
    for (const auto& [bytes, list] : large_)
      for (void* block : list) f(block);
  }
  std::size_t kept_bytes() const { return kept_bytes_; }

 private:
  /// The list of the blocks that serve `bytes`, with room for one more.
  std::vector<void*>& list_of(std::size_t bytes);

  std::vector<std::vector<void*>> small_;
  std::map<std::size_t, std::vector<void*>> large_;  // by block_bytes()
  std::size_t kept_bytes_ = 0;
};

/// A pinned block that an upload reads, and the event recorded after the upload.
struct Upload {
  void* block;
  std::size_t bytes;
  cudaEvent_t done;
};

struct Capture;  // graph.cpp

struct StreamState {
  cudaStream_t handle = nullptr;
  std::atomic<Capture*> capture = nullptr;  // of the graph that records this stream's work
  unsigned* tickets = nullptr;              // ticket_count entries
  Fault* fault = nullptr;                   // device memory
  std::atomic<std::uint64_t> faults = 0;    // the number found so far

  std::mutex waiting;  // held while a thread waits and looks for a fault; guards the next two members
  std::string last_fault;
  std::vector<std::uint64_t> to_tell;  // threads that launched before a fault and have not waited since

  std::mutex mutex;                      // guards the following members
  std::vector<std::uint64_t> launchers;  // threads that launched kernels that may fault, since the last check
  BlockCache cache;
  std::size_t allocated = 0;
  std::map<void*, std::size_t> exact;   // blocks smaller than block_bytes() of the request they serve
  std::unordered_set<void*> blocks;     // all memory that cudaMalloc returned and cudaFree has not got back
  std::unordered_map<void*, int> held;  // blocks that graphs use, and how many of these there are
  std::unordered_map<void*, std::size_t> parked;  // held blocks that no tensor uses, and the requested bytes
  std::deque<Upload> uploads;                     // in order of completion
  std::vector<cudaEvent_t> spare_events;
};

/// An event at the end of the stream's work so far, without timing. Return it with give_mark() while holding
/// the state's mutex.
cudaEvent_t take_mark(Stream stream, StreamState& state);
void give_mark(StreamState& state, cudaEvent_t mark) noexcept;

struct DeviceState {
  static constexpr int most_streams = 64;
  std::atomic<int> multiprocessors = 0;
  std::mutex mutex;  // held while a stream is added
  std::atomic<int> streams = 0;
  std::array<std::atomic<StreamState*>, most_streams> stream{};
};

DeviceState& device_state(Device device);
StreamState& stream_state(Stream stream);

/// Puts memory that neither a tensor nor a graph uses into the cache, or frees it.
void give_back(Stream stream, void* memory, std::size_t bytes) noexcept;

/// A number that is unique among all threads the process has had.
std::uint64_t this_thread();
/// The next wait for the stream reports a fault of this thread's kernels.
void note_launcher(StreamState& state);
/// Whether every kernel is waited for.
bool synchronous();

// ---- a stream that a graph records

/// Throws if the stream's work is being recorded: a wait would make the recording invalid.
void check_not_captured(const char* op, const StreamState& state);
/// With state.mutex held: a block released by recorded work, which may take it again.
void* take_from_graph(StreamState& state, std::size_t bytes);
void note_allocation(StreamState& state, void* block);
void give_to_graph(StreamState& state, void* block, std::size_t bytes);
/// Keeps a pinned block as long as the graph: each replay uploads it.
void keep_pinned(StreamState& state, void* block, std::size_t bytes);
/// Tells the graph of the launch that was just recorded.
void note_captured_launch(StreamState& state, bool may_fault);

}  // namespace tenon::cuda
