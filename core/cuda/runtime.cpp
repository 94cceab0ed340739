// Finding devices and streams, and their state.
#include <algorithm>
#include <cstdlib>
#include <memory>

#include <tenon/core/cuda/runtime.h>

namespace tenon::cuda {

int driver_device_count() noexcept {
  int count = 0;
  if (cudaGetDeviceCount(&count) == cudaSuccess) return std::min(count, 127);
  cudaGetLastError();  // no driver or no device: clear the error
  return 0;
}

const char* driver_problem() noexcept {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  cudaGetLastError();
  return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

bool asked_by_environment(const char* name) {
  const char* const text = std::getenv(name);
  return text && *text && std::string_view(text) != "0";
}

void throw_cuda(const char* op, cudaError_t error, Device device) {
  cudaGetLastError();  // clears the error, so that the next launch does not report it again
  throw CudaError(tenon::detail::format_with_line(
      "{}: {} on {}; an earlier kernel may be the cause: run again with TENON_SYNC=1 to learn which",
      {op, cudaGetErrorString(error), device}));
}

DeviceGuard::DeviceGuard(Device device) {
  int now = 0;
  check_cuda("device", cudaGetDevice(&now), device);
  if (now == device.index) return;
  check_cuda("device", cudaSetDevice(device.index), device);
  before_ = now;
}

DeviceGuard::~DeviceGuard() {
  if (before_ >= 0) cudaSetDevice(before_);
}

namespace {

int attribute(cudaDeviceAttr name, Device device) {
  int value = 0;
  check_cuda("device", cudaDeviceGetAttribute(&value, name, device.index), device);
  return value;
}
int counted_multiprocessors(Device device) { return attribute(cudaDevAttrMultiProcessorCount, device); }

}  // namespace

DeviceState& device_state(Device device) {
  static std::vector<DeviceState>& states = []() -> std::vector<DeviceState>& {
    auto* const all = new std::vector<DeviceState>(static_cast<std::size_t>(device_count()));
    for (std::size_t i = 0; i < all->size(); ++i)
      (*all)[i].multiprocessors = counted_multiprocessors(Device::cuda(static_cast<int>(i)));
    return *all;
  }();
  return states[static_cast<std::size_t>(device.index)];
}

namespace {

/// Adds stream number `device.streams`; the default stream is the first.
StreamState& add_stream(Device device, DeviceState& state) {
  const int index = state.streams.load(std::memory_order_relaxed);
  check(index < DeviceState::most_streams, "stream: {} has {} streams already; create a few and reuse them",
      device, index);
  const DeviceGuard guard(device);
  auto added = std::make_unique<StreamState>();
  // The default stream, too, is a stream of its own: a CUDA graph cannot capture CUDA's legacy stream. Unlike
  // the others it runs in order with that stream, on which a caller's own kernels and copies run by default.
  const unsigned flags = index == 0 ? cudaStreamDefault : cudaStreamNonBlocking;
  check_cuda("stream", cudaStreamCreateWithFlags(&added->handle, flags), device);
  constexpr std::size_t ticket_bytes = ticket_count * sizeof(unsigned), bytes = ticket_bytes + sizeof(Fault);
  void* memory = nullptr;
  check_cuda("stream", cudaMalloc(&memory, bytes), device);
  check_cuda("stream", cudaMemsetAsync(memory, 0, bytes, added->handle), device);
  added->tickets = static_cast<unsigned*>(memory);
  added->fault = reinterpret_cast<Fault*>(static_cast<std::byte*>(memory) + ticket_bytes);
  StreamState& result = *added;
  state.stream[static_cast<std::size_t>(index)].store(added.release(), std::memory_order_release);
  state.streams.store(index + 1, std::memory_order_release);
  return result;
}

}  // namespace

StreamState& stream_state(Stream stream) {
  DeviceState& device = device_state(stream.device());
  auto& slot = device.stream[static_cast<std::size_t>(stream.index())];
  if (StreamState* const state = slot.load(std::memory_order_acquire)) [[likely]]
    return *state;
  const std::lock_guard lock(device.mutex);  // first use of the device's default stream
  StreamState* const state = slot.load(std::memory_order_acquire);
  return state ? *state : add_stream(stream.device(), device);
}

int add_stream(Device device) {
  DeviceState& state = device_state(device);
  const std::lock_guard lock(state.mutex);
  if (state.streams.load(std::memory_order_relaxed) == 0) add_stream(device, state);  // the default stream
  add_stream(device, state);
  return state.streams.load(std::memory_order_relaxed) - 1;
}

int multiprocessors(Stream stream) {
  return device_state(stream.device()).multiprocessors.load(std::memory_order_relaxed);
}
void override_multiprocessors(Device device, int count) {
  device_state(device).multiprocessors = count > 0 ? count : counted_multiprocessors(device);
}

std::size_t shared_memory(Device device) {
  return static_cast<std::size_t>(attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin, device));
}
bool is_hopper(Device device) {
  return attribute(cudaDevAttrComputeCapabilityMajor, device) == 9 &&
         attribute(cudaDevAttrComputeCapabilityMinor, device) == 0;
}
}  // namespace tenon::cuda
