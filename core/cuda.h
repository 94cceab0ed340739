// CUDA devices: streams, events, memory. cuda::is_available() and cuda::device_count() are in core/device.h.
//
// Alongside your own CUDA calls: tenon leaves the thread's current device unchanged, and an error of your own
// call that cudaGetLastError() would return does not make a tenon call fail. CUDA does not survive fork(): in
// the child of a process that has used a device, every call that needs one throws CudaError. Fork before the
// first use, or exec.
//
// Invalid input that a kernel detects, such as an index out of range, is thrown when threads wait for the
// stream: in each thread that was waiting when it was found, and once in each other thread that had launched
// such a kernel.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>

#include <tenon/core/stream.h>

namespace tenon::cuda {

/// Waits until all streams of the device have finished. Throws the errors of their work.
TENON_API void synchronize(Device device = Device::cuda());

/// In its scope, new tensors of this thread on the stream's device are made on that stream.
class TENON_API StreamGuard {
 public:
  explicit StreamGuard(Stream stream);
  ~StreamGuard();
  StreamGuard(const StreamGuard&) = delete;
  StreamGuard& operator=(const StreamGuard&) = delete;

 private:
  Stream before_;
};

/// A point in a stream's work, used for waiting or timing.
class TENON_API Event {
 public:
  Event() = default;
  Event(Event&& other) noexcept;
  Event& operator=(Event&& other) noexcept;
  ~Event();

  /// Marks the end of the stream's work so far, replacing any earlier mark.
  void record(Stream stream);
  /// True once the marked work has finished. Throws if nothing was recorded, as do the functions below.
  bool ready() const;
  /// Blocks the calling thread until the mark is reached.
  void synchronize() const;
  /// Makes later work of `stream` wait for the mark; does not block the calling thread.
  void block(Stream stream) const;
  /// Milliseconds between two marks, both of which must have been reached.
  static double elapsed_ms(const Event& start, const Event& end);

 private:
  void check_recorded(const char* op) const;
  void* handle_ = nullptr;
  Device device_;
};

/// Work on a stream, recorded once and then repeated by one launch each time, which takes the host a few
/// microseconds however many kernels there are:
///
///     train_step();                      // a step first: parameters get gradients, the optimizer its state
///     cuda::Graph step([&] { train_step(); });
///     for (const auto& [x, y] : loader) {
///       input.copy_(x), target.copy_(y);
///       step.replay();
///     }
///
/// A replay reads and writes the memory of the recorded tensors: new inputs are copied into the old tensors,
/// and results are read from the tensors that the recorded work returned. The memory that the work uses is
/// kept for the graph until it is destroyed. One thread at a time may replay a graph. Each replay draws new
/// random numbers and uses the options that an optimizer has then; a Generator passed to the work must
/// outlive the graph.
///
/// The work may not wait for the device (item(), to(Device::cpu()), printing), compute values on the CPU for
/// the device (randperm), or use another stream; it throws if it does.
class TENON_API Graph {
 public:
  /// Records what `work` enqueues on this thread's current stream of `device`. Nothing runs on the device.
  explicit Graph(const std::function<void()>& work, Device device = Device::cuda());
  Graph(Graph&& other) noexcept;
  Graph& operator=(Graph&& other) noexcept;
  /// A replay in progress ends undisturbed.
  ~Graph();

  /// Enqueues the recorded work on its stream.
  void replay();

 private:
  void* handle_ = nullptr;
};

namespace detail {
TENON_API bool is_capturing(Stream stream);
TENON_API void capture_work(Stream stream, const std::function<void()>& work);
/// While this thread records: whether a tensor's memory was allocated before.
TENON_API bool is_older_than_graph(Stream stream, const void* memory);
}  // namespace detail

/// True while a Graph records this thread's work on `stream`.
inline bool is_capturing(Stream stream) { return stream.device().is_cuda() && detail::is_capturing(stream); }
/// Calls `work`, which launches kernels with arguments that change from one call to the next, such as the key
/// of a random call. A graph that is recording calls it again before each replay; the launches then replace
/// the arguments of those recorded.
template <class Work>
void repeat(Stream stream, const Work& work) {
  if (is_capturing(stream)) [[unlikely]]
    detail::capture_work(stream, work);
  else work();
}

/// Bytes of device memory in tensors, and kept by this process for reuse.
struct MemoryUse {
  std::size_t allocated, cached;
};
TENON_API MemoryUse memory_use(Device device = Device::cuda());
/// Returns the memory kept for reuse to the device, after waiting for the work that uses it.
TENON_API void empty_cache(Device device = Device::cuda());

}  // namespace tenon::cuda
