// The beginning and the end of a launch, and waiting for what kernels did: their faults come to light there.
#include <string>

#include <tenon/core/cuda/runtime.h>

namespace tenon::cuda {

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

[[noreturn]] void throw_kernel(const Launch& launch, std::int64_t blocks, int threads, cudaError_t error) {
  cudaGetLastError();  // it is told now, and no longer what the caller's own calls find
  std::string sizes;
  for (const std::int64_t size : launch.sizes) sizes += (sizes.empty() ? "" : ", ") + std::to_string(size);
  throw CudaError(tenon::detail::format_with_line("{}: {}; sizes [{}], {} blocks of {} threads on {}",
      {launch.kernel, cudaGetErrorString(error), sizes, blocks, threads, launch.stream.device()}));
}

[[noreturn]] void throw_launch(const Launch& launch, std::int64_t blocks, int threads, cudaError_t error) {
  // An error of this launch is over. One of an earlier kernel stays: every call returns it from now on.
  if (cudaStreamQuery(stream_state(launch.stream).handle) != error)
    throw_kernel(launch, blocks, threads, error);
  cudaGetLastError();
  throw CudaError(tenon::detail::format_with_line(
      "launch: {} on {}; an earlier kernel failed: run again with TENON_SYNC=1 to learn which",
      {cudaGetErrorString(error), launch.stream.device()}));
}

}  // namespace

void end_launch(const Launch& launch, std::int64_t blocks, int threads, int error) {
  if (error != cudaSuccess) [[unlikely]]
    throw_launch(launch, blocks, threads, static_cast<cudaError_t>(error));
  // Every launch before was waited for, so what fails now is this kernel.
  if (synchronous()) {
    const cudaError_t failed = cudaStreamSynchronize(stream_state(launch.stream).handle);
    if (failed != cudaSuccess) throw_kernel(launch, blocks, threads, failed);
  }
  // Only now: a thread that synchronises before the launch must not have looked for its fault in vain.
  if (launch.may_fault) stream_state(launch.stream).may_fault.store(true, std::memory_order_release);
  if (synchronous()) wait(launch.kernel, launch.stream);
}

}  // namespace tenon::cuda
