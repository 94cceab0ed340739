// Launches, and waiting for kernels, where their faults are reported.
#include <algorithm>
#include <string>

#include <tenon/core/cuda/runtime.h>

namespace tenon::cuda {

unsigned* tickets(Stream stream) { return stream_state(stream).tickets; }

std::uint64_t this_thread() {
  static std::atomic<std::uint64_t> threads = 0;
  constinit thread_local std::uint64_t number = 0;  // without a guard: thread-local storage is scarce
  if (number == 0) number = ++threads;
  return number;
}

void note_launcher(StreamState& state) {
  const std::lock_guard lock(state.mutex);
  if (std::find(state.launchers.begin(), state.launchers.end(), this_thread()) == state.launchers.end())
    state.launchers.push_back(this_thread());
}

bool synchronous() {
  static const bool asked = asked_by_environment("TENON_SYNC");
  return asked;
}

namespace {

/// Waits for a stream, with `waiting` held, and records a fault that one of its kernels has found.
void find_fault(const char* op, StreamState& state, Device device) {
  std::vector<std::uint64_t> launchers;
  {
    const std::lock_guard lock(state.mutex);
    launchers.swap(state.launchers);
  }
  Fault fault{};
  if (!launchers.empty())
    check_cuda(
        op, cudaMemcpyAsync(&fault, state.fault, sizeof fault, cudaMemcpyDeviceToHost, state.handle), device);
  check_cuda(op, cudaStreamSynchronize(state.handle), device);
  if (!fault.found) return;
  check_cuda(op, cudaMemsetAsync(state.fault, 0, sizeof fault, state.handle), device);
  const auto& v = fault.values;
  state.last_fault = tenon::detail::format(fault.text, {v[0], v[1], v[2], v[3]});
  ++state.faults;
  state.to_tell.insert(state.to_tell.end(), launchers.begin(), launchers.end());
  // The slot keeps one fault: that of a kernel launched since the copy was enqueued may be lost. Its thread
  // stays a launcher, as the kernel may also run after the slot is cleared.
  const std::lock_guard lock(state.mutex);
  state.to_tell.insert(state.to_tell.end(), state.launchers.begin(), state.launchers.end());
}

/// Waits for a stream, and throws a fault found meanwhile, or one that this thread has not been told of yet.
void wait(const char* op, StreamState& state, Device device) {
  check_not_captured(op, state);
  const std::uint64_t before = state.faults.load(std::memory_order_acquire);
  const DeviceGuard guard(device);
  const std::lock_guard waiting(state.waiting);
  find_fault(op, state, device);
  if (std::erase(state.to_tell, this_thread()) != 0 || state.faults.load(std::memory_order_relaxed) != before)
    throw Error(state.last_fault);
}

}  // namespace

Fault* fault_slot(Stream stream) {
  StreamState& state = stream_state(stream);
  note_launcher(state);
  return state.fault;
}

void wait(const char* op, Stream stream) { wait(op, stream_state(stream), stream.device()); }

void wait_for_all(const char* op, Device device) {
  DeviceState& state = device_state(device);
  for (int i = 0; i < state.streams.load(std::memory_order_acquire); ++i)
    wait(op, *state.stream[static_cast<std::size_t>(i)].load(std::memory_order_acquire), device);
}

void* native_handle(Stream stream) {
  captured_by_this_thread(stream);  // throws if another thread records the stream's work
  return stream_state(stream).handle;
}

namespace {

[[noreturn]] void throw_kernel(const Launch& launch, std::int64_t blocks, int threads, cudaError_t error) {
  cudaGetLastError();  // clears the error, so that the caller's own calls do not see it
  std::string sizes;
  for (const std::int64_t size : launch.sizes) sizes += (sizes.empty() ? "" : ", ") + std::to_string(size);
  throw CudaError(tenon::detail::format_with_line("{}: {}; sizes [{}], {} blocks of {} threads on {}",
      {launch.kernel, cudaGetErrorString(error), sizes, blocks, threads, launch.stream.device()}));
}

[[noreturn]] void throw_launch(const Launch& launch, std::int64_t blocks, int threads, cudaError_t error) {
  // An error of this launch is cleared. An error of an earlier kernel persists: every later call returns it.
  if (cudaStreamQuery(stream_state(launch.stream).handle) != error)
    throw_kernel(launch, blocks, threads, error);
  cudaGetLastError();
  throw CudaError(tenon::detail::format_with_line(
      "launch: {} on {}; an earlier kernel failed: run again with TENON_SYNC=1 to learn which",
      {cudaGetErrorString(error), launch.stream.device()}));
}

}  // namespace

void check_launch(const Launch& launch, std::int64_t blocks, int threads, int error) {
  if (error != cudaSuccess) [[unlikely]]
    throw_launch(launch, blocks, threads, static_cast<cudaError_t>(error));
  StreamState& state = stream_state(launch.stream);
  if (state.capture) return note_captured_launch(state, launch.may_fault);
  // All earlier launches were waited for, so a failure here is this kernel's.
  if (synchronous()) {
    const cudaError_t failed = cudaStreamSynchronize(state.handle);
    if (failed != cudaSuccess) throw_kernel(launch, blocks, threads, failed);
  }
  // Again, after fault_slot(): a thread that waited before the launch may have cleared that entry.
  if (launch.may_fault) note_launcher(state);
  if (synchronous()) wait(launch.kernel, launch.stream);
}

}  // namespace tenon::cuda
