// The device under test on the emulator; tests/support/device.cpp is the counterpart for real devices.
#include "../support/device.h"

#include <new>

#include <cuda_runtime_api.h>
#include <simt_emu/control.h>
#include <tenon/core/cuda/backend.h>

#include "../support/catch.h"

namespace tenon::test {

void* allocate_visible(std::size_t bytes) {
  return on_cuda() ? cuda::allocate_pinned(bytes) : ::operator new(bytes);
}
void release_visible(void* memory, std::size_t bytes) noexcept {
  if (on_cuda()) cuda::release_pinned(memory, bytes);
  else ::operator delete(memory);
}

void* allocate_on_device(std::size_t bytes) {
  const Stream stream = Stream::current(device());
  void* const memory = cuda::allocate(stream, bytes);
  // A reused block may hold the very values that the kernel under test should write.
  const cuda::DeviceGuard guard(stream.device());
  cudaMemsetAsync(memory, 0xff, bytes, static_cast<cudaStream_t>(stream.native_handle()));
  return memory;
}
void release_on_device(void* memory, std::size_t bytes) noexcept {
  cuda::release(Stream::current(device()), memory, bytes);
}
void copy_to_device(void* memory, const void* host, std::size_t bytes) {
  cuda::upload(Stream::current(device()), memory, host, bytes);
}
void copy_from_device(void* host, const void* memory, std::size_t bytes) {
  cuda::download(Stream::current(device()), host, memory, bytes);
}

void set_multiprocessors(int count) {
  if (on_cuda()) cuda::override_multiprocessors(device(), count > 0 ? count : asked_multiprocessors());
}
std::optional<std::size_t> launches(std::string_view part, std::string_view other) {
  return simt::emu::launches(part, other);
}

bool on_gpu() { return false; }

void on_every_schedule(const std::function<void()>& body) {
  static unsigned turn = 0;
  simt::emu::schedule_seed = turn++ % 3;  // 0: ascending order
  INFO("schedule " << simt::emu::schedule_seed);
  body();
}

}  // namespace tenon::test
