#include <tenon/core/device.h>

#include <charconv>

#include <tenon/core/check.h>
#include <tenon/core/cuda/backend.h>

namespace tenon {

std::string to_string(Device device) {
  return device.is_cpu() ? "cpu" : "cuda:" + std::to_string(int{device.index});
}

void Device::fail_index(DeviceType type, int index) {
  if (type == DeviceType::cpu) fail("device: the index of the CPU must be 0; it is {}", index);
  fail("device: the index of a CUDA device must be from 0 to 127; it is {}", index);
}

Device Device::parse(std::string_view name) {
  if (name == "cpu") return kCPU;
  if (name == "cuda") return kCUDA;
  const std::string_view digits = name.starts_with("cuda:") ? name.substr(5) : std::string_view();
  int index = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  check(error == std::errc() && end == digits.data() + digits.size() && index >= 0,
      "device: \"{}\" is not a device; write cpu, cuda or cuda:1", name);
  return Device(kCUDA, index);
}

int cuda::device_count() noexcept {
  if constexpr (built_with_cuda) {
    static const int count = driver_device_count();
    return count;
  }
  return 0;
}

void check_available(const char* op, Device device) {
  if (device.is_cpu()) return;
  check(cuda::built_with_cuda, "{}: {} was requested, but tenon was built without CUDA", op, device);
  const int count = cuda::device_count();
  if constexpr (cuda::built_with_cuda)
    if (const char* const problem = count == 0 ? cuda::driver_problem() : nullptr)
      fail("{}: {} was requested, but there is no CUDA device: {}", op, device, problem);
  check(device.index >= 0 && device.index < count, "{}: {} was requested; this machine has {} CUDA devices",
      op, device, count);
}

}  // namespace tenon
