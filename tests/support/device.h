// The device under test: the CPU, or a CUDA device where the environment has TENON_TEST_DEVICE=cuda.
#pragma once
#include <cstdlib>
#include <functional>
#include <string_view>

#include <tenon/core/device.h>

namespace tenon::test {

inline bool on_cuda() {
  static const bool chosen = [] {
    const char* const name = std::getenv("TENON_TEST_DEVICE");
    return name && std::string_view(name) == "cuda";
  }();
  return chosen;
}
inline Device device() { return on_cuda() ? Device::cuda() : Device::cpu(); }

/// False where every access costs so much that a test should keep to its smaller cases.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool thorough = false;
#else
inline constexpr bool thorough = true;
#endif

/// True where kernels run on a GPU, not on the emulator of tests/simt_emu.
bool on_gpu();
/// Calls body once. On the emulator each call takes the next of three schedules of threads and blocks.
void on_every_schedule(const std::function<void()>& body);

}  // namespace tenon::test
