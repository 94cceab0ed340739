// Copies to, from and between devices.
#include <cstring>

#include <tenon/core/cuda/runtime.h>

namespace tenon::cuda {

namespace {

/// Releases the blocks of completed uploads.
void collect(StreamState& state, Device device) {
  const std::lock_guard lock(state.mutex);
  while (!state.uploads.empty()) {
    const Upload first = state.uploads.front();
    const cudaError_t error = cudaEventQuery(first.done);
    if (error == cudaErrorNotReady) return;
    check_cuda("upload", error, device);
    state.uploads.pop_front();
    give_mark(state, first.done);
    release_pinned(first.block, first.bytes);
  }
}

}  // namespace

void upload(Stream stream, void* device, const void* host, std::size_t bytes) {
  if (bytes == 0) return;
  const DeviceGuard guard(stream.device());
  StreamState& state = stream_state(stream);
  if (captured_by_this_thread(stream)) {  // each replay reads the pinned block
    void* const block = allocate_pinned(bytes);
    std::memcpy(block, host, bytes);
    keep_pinned(state, block, bytes);
    return check_cuda(
        "upload", cudaMemcpyAsync(device, block, bytes, cudaMemcpyDefault, state.handle), stream.device());
  }
  constexpr std::size_t staged = std::size_t{1} << 20;
  if (!recycles() || bytes > staged) {
    check_cuda(
        "upload", cudaMemcpyAsync(device, host, bytes, cudaMemcpyDefault, state.handle), stream.device());
    return check_cuda("upload", cudaStreamSynchronize(state.handle), stream.device());
  }
  collect(state, stream.device());
  void* const block = allocate_pinned(bytes);
  std::memcpy(block, host, bytes);
  const cudaError_t error = cudaMemcpyAsync(device, block, bytes, cudaMemcpyDefault, state.handle);
  if (error != cudaSuccess) {
    release_pinned(block, bytes);
    throw_cuda("upload", error, stream.device());
  }
  const cudaEvent_t done =
      take_mark(stream, state);  // if this throws, the device is lost, and the block with it
  const std::lock_guard lock(state.mutex);
  state.uploads.push_back({block, bytes, done});
}

void download(Stream stream, void* host, const void* device, std::size_t bytes) {
  check_not_captured("download", stream_state(stream));
  const DeviceGuard guard(stream.device());
  if (bytes != 0)
    check_cuda("download",
        cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, stream_state(stream).handle),
        stream.device());
  wait("download", stream);
}

namespace {

/// Makes later work of `later` wait for the work of `earlier` so far.
void order(Stream earlier, Stream later) {
  StreamState& state = stream_state(earlier);
  const cudaEvent_t mark = take_mark(earlier, state);
  const DeviceGuard guard(later.device());
  const cudaError_t error = cudaStreamWaitEvent(stream_state(later).handle, mark, 0);
  {
    const std::lock_guard lock(state.mutex);
    give_mark(state, mark);  // a pending wait refers to the event as it was when the wait was issued
  }
  check_cuda("transfer", error, later.device());
}

}  // namespace

void transfer(Stream to, void* target, Stream from, const void* source, std::size_t bytes) {
  for (const Stream stream : {to, from}) check_not_captured("transfer", stream_state(stream));
  order(from, to);
  if (bytes != 0) {
    const DeviceGuard guard(to.device());
    check_cuda("transfer",
        cudaMemcpyPeerAsync(
            target, to.device().index, source, from.device().index, bytes, stream_state(to).handle),
        to.device());
  }
  order(to, from);
}

}  // namespace tenon::cuda
