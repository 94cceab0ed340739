// A queue of work on one device. CPU work runs immediately, so a CPU stream only identifies the device.
#pragma once
#include <tenon/core/device.h>

namespace tenon {

namespace cuda {
class StreamGuard;
}

/// A value handle. Kernels take it as their first argument; its device decides which kernel runs. A tensor
/// remembers the stream it was made on, and an operation refuses tensors from two streams.
class TENON_API Stream {
 public:
  /// The CPU.
  constexpr Stream() = default;
  /// The stream that this thread uses on `device`: the device's default stream, or the one set by a
  /// cuda::StreamGuard. Throws if the device cannot be used.
  static Stream current(Device device) {
    if (device.is_cpu()) [[likely]]
      return {};
    return current_on(device);
  }
  /// Creates another queue on a CUDA device. It exists until the process ends: create a few and keep them.
  static Stream create(Device device);

  constexpr Device device() const { return device_; }
  /// The index among its device's streams; 0 is the default stream.
  constexpr int index() const { return index_; }
  /// Waits until all work so far has finished. Throws its errors: a kernel that failed, an index out of
  /// range.
  void synchronize() const;
  /// The cudaStream_t, for kernels and library calls of your own; null for the CPU. Work on CUDA's legacy
  /// stream (a null cudaStream_t) runs in order with the default stream, but not with other streams.
  void* native_handle() const;

  friend constexpr bool operator==(const Stream&, const Stream&) = default;

 private:
  friend class cuda::StreamGuard;
  constexpr Stream(Device device, std::uint16_t index) : device_(device), index_(index) {}
  static Stream current_on(Device device);
  /// Makes `stream`, on a CUDA device, the stream that this thread uses on its device.
  static void set_current(Stream stream);

  Device device_;
  std::uint16_t index_ = 0;
};

/// `cuda:0 stream 1`
TENON_API std::string to_string(Stream stream);

}  // namespace tenon
