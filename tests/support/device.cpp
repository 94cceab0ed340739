#include "device.h"

#include <new>

#include <tenon/core/cuda/backend.h>

namespace tenon::test {

void* allocate_visible(std::size_t bytes) {
  if constexpr (cuda::built_with_cuda)
    if (on_cuda()) return cuda::allocate_pinned(bytes);
  return ::operator new(bytes);
}
void release_visible(void* memory, std::size_t bytes) noexcept {
  if constexpr (cuda::built_with_cuda)
    if (on_cuda()) return cuda::release_pinned(memory, bytes);
  ::operator delete(memory);
}

void* allocate_on_device([[maybe_unused]] std::size_t bytes) {
  if constexpr (cuda::built_with_cuda) return cuda::allocate(Stream::current(device()), bytes);
  return nullptr;
}
void release_on_device([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) noexcept {
  if constexpr (cuda::built_with_cuda) cuda::release(Stream::current(device()), memory, bytes);
}
void copy_to_device(
    [[maybe_unused]] void* memory, [[maybe_unused]] const void* host, [[maybe_unused]] std::size_t bytes) {
  if constexpr (cuda::built_with_cuda) cuda::upload(Stream::current(device()), memory, host, bytes);
}
void copy_from_device(
    [[maybe_unused]] void* host, [[maybe_unused]] const void* memory, [[maybe_unused]] std::size_t bytes) {
  if constexpr (cuda::built_with_cuda) cuda::download(Stream::current(device()), host, memory, bytes);
}

void set_multiprocessors([[maybe_unused]] int count) {
  if constexpr (cuda::built_with_cuda)
    if (on_cuda()) cuda::override_multiprocessors(device(), count > 0 ? count : asked_multiprocessors());
}
std::optional<std::size_t> launches(std::string_view, std::string_view) { return std::nullopt; }

bool on_gpu() { return on_cuda(); }
void on_every_schedule(const std::function<void()>& body) { body(); }

}  // namespace tenon::test
