// The devices on which tensors live.
#pragma once
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include <tenon/core/api.h>

namespace tenon {

struct Options;

enum class DeviceType : std::uint8_t { cpu, cuda };

inline constexpr DeviceType kCPU = DeviceType::cpu, kCUDA = DeviceType::cuda;

/// A value: comparable, printable (`cpu`, `cuda:0`), cheap to copy. A type, kCPU or kCUDA, and a name, as in
/// `x.to("cuda:1")`, convert to it. Throws if the index cannot exist, or if the name is not that of a device;
/// check_available() checks whether there is one.
struct Device {
  DeviceType type;
  std::int8_t index;

  constexpr Device(DeviceType which = DeviceType::cpu, int number = 0)
      : type(which), index(static_cast<std::int8_t>(number)) {
    if (number < 0 || number > (which == DeviceType::cpu ? 0 : 127)) fail_index(which, number);
  }
  /// "cpu", "cuda" (the first one), "cuda:1", ...
  template <std::convertible_to<std::string_view> Name>
  Device(const Name& name) : Device(parse(name)) {}

  static constexpr Device cpu() { return {}; }
  static constexpr Device cuda(int index = 0) { return {DeviceType::cuda, index}; }
  constexpr bool is_cpu() const { return type == DeviceType::cpu; }
  constexpr bool is_cuda() const { return type == DeviceType::cuda; }
  friend constexpr bool operator==(Device, Device) = default;
  /// As the options of a new tensor: zeros({2, 3}, device).
  constexpr operator Options() const;

 private:
  [[noreturn]] TENON_API static void fail_index(DeviceType type, int index);
  TENON_API static Device parse(std::string_view name);
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
