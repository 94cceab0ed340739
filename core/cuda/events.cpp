// Events, for users and for the library's own synchronisation.
#include <tenon/core/cuda/runtime.h>

namespace tenon::cuda {

void* record_event(void* event, Stream stream) {
  check_not_captured("event", stream_state(stream));
  const DeviceGuard guard(stream.device());
  auto made = static_cast<cudaEvent_t>(event);
  if (!made) check_cuda("event", cudaEventCreateWithFlags(&made, cudaEventDefault), stream.device());
  const cudaError_t error = cudaEventRecord(made, stream_state(stream).handle);
  if (error != cudaSuccess) {
    if (!event) cudaEventDestroy(made);
    throw_cuda("event", error, stream.device());
  }
  return made;
}

bool event_ready(void* event, Device device) {
  const cudaError_t error = cudaEventQuery(static_cast<cudaEvent_t>(event));
  if (error == cudaErrorNotReady) return false;
  check_cuda("event", error, device);
  return true;
}

void wait_for_event(void* event, Device device) {
  check_cuda("event", cudaEventSynchronize(static_cast<cudaEvent_t>(event)), device);
}

void block_on_event(void* event, Stream stream) {
  check_not_captured("event", stream_state(stream));
  const DeviceGuard guard(stream.device());
  check_cuda("event", cudaStreamWaitEvent(stream_state(stream).handle, static_cast<cudaEvent_t>(event), 0),
      stream.device());
}

double elapsed_ms(void* start, void* end, Device device) {
  float ms = 0;
  check_cuda("elapsed_ms",
      cudaEventElapsedTime(&ms, static_cast<cudaEvent_t>(start), static_cast<cudaEvent_t>(end)), device);
  return static_cast<double>(ms);
}

void destroy_event(void* event) noexcept { cudaEventDestroy(static_cast<cudaEvent_t>(event)); }

cudaEvent_t take_mark(Stream stream, StreamState& state) {
  const DeviceGuard guard(stream.device());
  cudaEvent_t mark = nullptr;
  {
    const std::lock_guard lock(state.mutex);
    if (!state.spare_events.empty()) {
      mark = state.spare_events.back();
      state.spare_events.pop_back();
    }
  }
  if (!mark) check_cuda("event", cudaEventCreateWithFlags(&mark, cudaEventDisableTiming), stream.device());
  const cudaError_t error = cudaEventRecord(mark, state.handle);
  if (error == cudaSuccess) return mark;
  cudaEventDestroy(mark);
  throw_cuda("event", error, stream.device());
}

void give_mark(StreamState& state, cudaEvent_t mark) noexcept {
  try {
    state.spare_events.push_back(mark);
  } catch (const std::bad_alloc&) { cudaEventDestroy(mark); }
}

}  // namespace tenon::cuda
