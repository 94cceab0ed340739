// A queue of work on one device. On the CPU work is done at once, so a CPU stream is only a device.
#pragma once
#include <tenon/core/device.h>

namespace tenon {

/// A value handle. Kernels take it first; its device decides which kernel runs.
class Stream {
 public:
  constexpr Stream() = default;
  /// The stream that this thread uses on `device`.
  static Stream current(Device device) { return Stream(device); }

  constexpr Device device() const { return device_; }
  friend constexpr bool operator==(const Stream&, const Stream&) = default;

 private:
  constexpr explicit Stream(Device device) : device_(device) {}
  Device device_;
};

}  // namespace tenon
