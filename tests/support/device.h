// The device under test: the CPU, or a CUDA device where the environment has TENON_TEST_DEVICE=cuda.
#pragma once
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <optional>
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
inline int asked_multiprocessors() {
  const char* const count = std::getenv("TENON_TEST_MULTIPROCESSORS");
  return count ? std::atoi(count) : 0;
}
inline Device device() { return on_cuda() ? Device::cuda() : Device::cpu(); }

/// False where every access costs so much that a test should keep to its smaller cases: under a sanitizer, or
/// with TENON_TEST_SMALL in the environment.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool thorough = false;
#else
inline const bool thorough = std::getenv("TENON_TEST_SMALL") == nullptr;
#endif

/// Memory that the device under test and the CPU read and write: for CUDA it is pinned.
void* allocate_visible(std::size_t bytes);
void release_visible(void* memory, std::size_t bytes) noexcept;

/// Memory of the CUDA device under test alone. It starts undefined, on the emulator filled with 0xff; copying
/// it to the CPU waits for the device.
void* allocate_on_device(std::size_t bytes);
void release_on_device(void* memory, std::size_t bytes) noexcept;
void copy_to_device(void* memory, const void* host, std::size_t bytes);
void copy_from_device(void* host, const void* memory, std::size_t bytes);

/// True where kernels run on a GPU, not on the emulator of tests/simt_emu.
bool on_gpu();
/// Kernels are chosen as on a device with `count` multiprocessors. If it is 0, with as many as
/// TENON_TEST_MULTIPROCESSORS says, or as the device has.
void set_multiprocessors(int count);
/// For a scope.
struct Multiprocessors {
  explicit Multiprocessors(int count) { set_multiprocessors(count); }
  ~Multiprocessors() { set_multiprocessors(0); }
  Multiprocessors(const Multiprocessors&) = delete;
  Multiprocessors& operator=(const Multiprocessors&) = delete;
};
/// Launches so far of kernels whose name, with its template arguments, contains both; nothing where nobody
/// counts.
std::optional<std::size_t> launches(std::string_view part, std::string_view other);
/// Calls body once. On the emulator each call takes the next of three schedules of threads and blocks.
void on_every_schedule(const std::function<void()>& body);

}  // namespace tenon::test
