#include <tenon/core/device.h>

#include <tenon/core/check.h>
#include <tenon/core/cuda/backend.h>

namespace tenon {

std::string to_string(Device device) {
  return device.is_cpu() ? "cpu" : "cuda:" + std::to_string(int{device.index});
}

void Device::fail_index(int index) { fail("cuda: the device index must be from 0 to 127; it is {}", index); }

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
