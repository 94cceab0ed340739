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

/// Bytes of device memory in tensors, and kept by this process for reuse.
struct MemoryUse {
  std::size_t allocated, cached;
};
TENON_API MemoryUse memory_use(Device device = Device::cuda());
/// Returns the memory kept for reuse to the device, after waiting for the work that uses it.
TENON_API void empty_cache(Device device = Device::cuda());

}  // namespace tenon::cuda
