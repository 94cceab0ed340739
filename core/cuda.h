// CUDA devices: streams, events, memory. cuda::is_available() and cuda::device_count() are in core/device.h.
//
// Beside CUDA calls of your own: tenon leaves the device that is current in a thread as it was, and an error
// that a call of yours left for cudaGetLastError() does not make a call of tenon fail. CUDA does not survive
// fork(): in the child of a process that has used a device, every call that needs one throws CudaError. Fork
// before, or exec.
//
// What a kernel finds wrong with its input, an index out of range, is thrown where threads wait for the
// stream: in each that was waiting when it was found, and once in each other that had launched such a kernel.
#pragma once
#include <cstddef>
#include <cstdint>

#include <tenon/core/stream.h>

namespace tenon::cuda {

/// Waits until all streams of the device are done. Throws what went wrong in them.
TENON_API void synchronize(Device device = Device::cuda());

/// While it lives, new tensors of this thread on the stream's device are made on that stream.
class TENON_API StreamGuard {
 public:
  explicit StreamGuard(Stream stream);
  ~StreamGuard();
  StreamGuard(const StreamGuard&) = delete;
  StreamGuard& operator=(const StreamGuard&) = delete;

 private:
  Stream before_;
};

/// A point in a stream's work, to wait for or to measure from.
class TENON_API Event {
 public:
  Event() = default;
  Event(Event&& other) noexcept;
  Event& operator=(Event&& other) noexcept;
  ~Event();

  /// Marks the end of the stream's work so far; an earlier mark is forgotten.
  void record(Stream stream);
  /// True once the marked work is done. Throws if nothing was recorded, as do the other three.
  bool ready() const;
  /// Makes the calling thread wait for the mark.
  void synchronize() const;
  /// Makes later work of `stream` wait for the mark, without waiting here.
  void block(Stream stream) const;
  /// Milliseconds between two marks, both of which have been reached.
  static double elapsed_ms(const Event& start, const Event& end);

 private:
  void check_recorded(const char* op) const;
  void* handle_ = nullptr;
  Device device_;
};

/// Bytes of device memory: in tensors, and kept for reuse by this process.
struct MemoryUse {
  std::size_t allocated, cached;
};
TENON_API MemoryUse memory_use(Device device = Device::cuda());
/// Gives the memory that is kept for reuse back to the device, after waiting for its work.
TENON_API void empty_cache(Device device = Device::cuda());

}  // namespace tenon::cuda
