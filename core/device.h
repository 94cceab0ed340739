// The devices on which tensors live.
#pragma once
#include <cstdint>
#include <string>

#include <tenon/core/api.h>

namespace tenon {

enum class DeviceKind : std::uint8_t { cpu, cuda };

/// A value: comparable, printable (`cpu`, `cuda:0`), cheap to copy.
struct Device {
  DeviceKind kind = DeviceKind::cpu;
  std::int8_t index = 0;

  static constexpr Device cpu() { return {}; }
  /// Throws if the index cannot exist; check_available() checks whether the device does.
  static constexpr Device cuda(int index = 0) {
    if (index < 0 || index > 127) fail_index(index);
    return {DeviceKind::cuda, static_cast<std::int8_t>(index)};
  }
  constexpr bool is_cpu() const { return kind == DeviceKind::cpu; }
  constexpr bool is_cuda() const { return kind == DeviceKind::cuda; }
  friend constexpr bool operator==(Device, Device) = default;

 private:
  [[noreturn]] TENON_API static void fail_index(int index);
};

TENON_API std::string to_string(Device device);

namespace cuda {

/// The number of CUDA devices this process can use; 0 without a driver, a GPU or CUDA in the build. Never
/// throws.
TENON_API int device_count() noexcept;
inline bool is_available() noexcept { return device_count() > 0; }

}  // namespace cuda

/// Throws, with the reason, unless the device can be used; `op` begins the text.
TENON_API void check_available(const char* op, Device device);

}  // namespace tenon
