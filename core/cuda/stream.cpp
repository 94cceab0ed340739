// Streams, their synchronisation, and launches.
#include <algorithm>
#include <cstdlib>
#include <memory>

#include <tenon/core/cuda/streams.h>

namespace tenon::cuda {

int driver_device_count() noexcept {
  int count = 0;
  if (cudaGetDeviceCount(&count) == cudaSuccess) return std::min(count, 127);
  cudaGetLastError();  // no driver, or no device: not an error to carry on
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
  cudaGetLastError();  // it is told now, and not again by the next launch
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

DeviceState& device_state(Device device) {
  static std::vector<DeviceState>& states = []() -> std::vector<DeviceState>& {
    auto* const all = new std::vector<DeviceState>(static_cast<std::size_t>(device_count()));
    for (std::size_t i = 0; i < all->size(); ++i)
      check_cuda("device",
          cudaDeviceGetAttribute(
              &(*all)[i].multiprocessors, cudaDevAttrMultiProcessorCount, static_cast<int>(i)),
          Device::cuda(static_cast<int>(i)));
    return *all;
  }();
  return states[static_cast<std::size_t>(device.index)];
}

namespace {

/// Adds the stream number `device.streams`; the default stream is the first.
StreamState& add_stream(Device device, DeviceState& state) {
  const int index = state.streams.load(std::memory_order_relaxed);
  check(index < DeviceState::most_streams, "stream: {} has {} streams already; make a few and keep them",
      device, index);
  const DeviceGuard guard(device);
  auto added = std::make_unique<StreamState>();
  if (index > 0)
    check_cuda("stream", cudaStreamCreateWithFlags(&added->handle, cudaStreamNonBlocking), device);
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
  const std::lock_guard lock(device.mutex);  // the default stream of the device, for the first time
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

int multiprocessors(Stream stream) { return device_state(stream.device()).multiprocessors; }
unsigned* tickets(Stream stream) { return stream_state(stream).tickets; }

Fault* fault_slot(Stream stream) { return stream_state(stream).fault; }

namespace {

/// Waits for a stream, and throws the fault that one of its kernels has noted.
void wait(const char* op, StreamState& state, Device device) {
  const bool look = state.may_fault.exchange(false, std::memory_order_acq_rel);
  Fault fault{};
  const DeviceGuard guard(device);
  if (look)
    check_cuda(
        op, cudaMemcpyAsync(&fault, state.fault, sizeof fault, cudaMemcpyDeviceToHost, state.handle), device);
  check_cuda(op, cudaStreamSynchronize(state.handle), device);
  if (!fault.found) return;
  check_cuda(op, cudaMemsetAsync(state.fault, 0, sizeof fault, state.handle), device);
  const auto& v = fault.values;
  throw Error(tenon::detail::format(fault.text, {v[0], v[1], v[2], v[3]}));
}

}  // namespace

void wait(const char* op, Stream stream) { wait(op, stream_state(stream), stream.device()); }

void wait_for_all(const char* op, Device device) {
  DeviceState& state = device_state(device);
  for (int i = 0; i < state.streams.load(std::memory_order_acquire); ++i)
    wait(op, *state.stream[static_cast<std::size_t>(i)].load(std::memory_order_acquire), device);
}

void* begin_launch(Stream stream) {
  StreamState& state = stream_state(stream);
  int now = 0;
  if (cudaGetDevice(&now) != cudaSuccess || now != stream.device().index)
    check_cuda("launch", cudaSetDevice(stream.device().index), stream.device());
  return state.handle;
}

namespace {

bool synchronous() {
  static const bool asked = asked_by_environment("TENON_SYNC");
  return asked;
}

[[noreturn]] void throw_launch(const Launch& launch, std::int64_t blocks, int threads, cudaError_t error) {
  std::string sizes;
  for (const std::int64_t size : launch.sizes) sizes += (sizes.empty() ? "" : ", ") + std::to_string(size);
  throw CudaError(tenon::detail::format_with_line("{}: {}; sizes [{}], {} blocks of {} threads on {}",
      {launch.kernel, cudaGetErrorString(error), sizes, blocks, threads, launch.stream.device()}));
}

}  // namespace

void end_launch(const Launch& launch, std::int64_t blocks, int threads) {
  cudaError_t error = cudaGetLastError();
  if (error == cudaSuccess && synchronous())
    error = cudaStreamSynchronize(stream_state(launch.stream).handle);
  if (error != cudaSuccess) [[unlikely]]
    throw_launch(launch, blocks, threads, error);
  // Only now: a thread that synchronises before the launch must not have looked for its fault in vain.
  if (launch.may_fault) stream_state(launch.stream).may_fault.store(true, std::memory_order_release);
  if (synchronous()) wait(launch.kernel, launch.stream);
}

}  // namespace tenon::cuda
