// The emulator's CUDA runtime: errors, devices, streams, events, and the functions of control.h. All work is
// done synchronously; streams and events exist only to be checked.
#include <algorithm>
#include <utility>

#include <cuda.h>
#include <simt_emu/control.h>
#include <simt_emu/runtime.h>

namespace simt::emu {

Runtime& runtime() {
  static Runtime& all = *new Runtime;
  return all;
}

constinit thread_local int current_device = 0;

namespace {

thread_local cudaError_t last_error = cudaSuccess;

struct ErrorText {
  cudaError_t error;
  const char *name, *text;
};
constexpr ErrorText error_texts[] = {
    {cudaSuccess, "cudaSuccess", "no error"},
    {cudaErrorInvalidValue, "cudaErrorInvalidValue", "invalid argument"},
    {cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", "out of memory"},
    {cudaErrorInitializationError, "cudaErrorInitializationError", "initialization error"},
    {cudaErrorInvalidConfiguration, "cudaErrorInvalidConfiguration", "invalid configuration argument"},
    {cudaErrorInvalidMemcpyDirection, "cudaErrorInvalidMemcpyDirection", "invalid copy direction for memcpy"},
    {cudaErrorInsufficientDriver, "cudaErrorInsufficientDriver",
        "CUDA driver version is insufficient for CUDA runtime version"},
    {cudaErrorNoDevice, "cudaErrorNoDevice", "no CUDA-capable device is detected"},
    {cudaErrorInvalidDevice, "cudaErrorInvalidDevice", "invalid device ordinal"},
    {cudaErrorNoKernelImageForDevice, "cudaErrorNoKernelImageForDevice",
        "no kernel image is available for execution on the device"},
    {cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", "invalid resource handle"},
    {cudaErrorNotReady, "cudaErrorNotReady", "device not ready"},
    {cudaErrorIllegalAddress, "cudaErrorIllegalAddress", "an illegal memory access was encountered"},
    {cudaErrorLaunchOutOfResources, "cudaErrorLaunchOutOfResources",
        "too many resources requested for launch"},
    {cudaErrorLaunchFailure, "cudaErrorLaunchFailure", "unspecified launch failure"},
    {cudaErrorStreamCaptureUnsupported, "cudaErrorStreamCaptureUnsupported",
        "operation not permitted when stream is capturing"},
    {cudaErrorStreamCaptureInvalidated, "cudaErrorStreamCaptureInvalidated",
        "operation failed due to a previous error during capture"},
    {cudaErrorUnknown, "cudaErrorUnknown", "unknown error"},
};
const ErrorText* text_of(cudaError_t error) {
  const auto* const found = std::find_if(std::begin(error_texts), std::end(error_texts),
      [&](const ErrorText& text) { return text.error == error; });
  return found == std::end(error_texts) ? nullptr : found;
}

}  // namespace

cudaError_t noted(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

// ---- control.h

namespace {

template <class F>
auto locked(F&& body) {
  const std::lock_guard lock(emulator_mutex);
  return body(runtime());
}

}  // namespace

void set_device_count(int count) {
  locked([&](Runtime& r) { r.devices = std::clamp(count, 0, most_devices); });
}
void set_device_memory(std::size_t bytes) {
  locked([&](Runtime& r) { r.device_memory = bytes; });
}
void fail_next_launch(cudaError_t error) {
  locked([&](Runtime& r) { r.fail_launch = error; });
}
void fail_earlier_kernel(cudaError_t error) {
  locked([&](Runtime& r) { r.lost = error; });
}
void fail_next(const char* function, cudaError_t error) {
  locked([&](Runtime& r) { r.to_fail[function] = error; });
}
std::size_t live_allocations() {
  return locked([](Runtime& r) { return r.allocations.size(); });
}
std::size_t device_bytes(int device) {
  return locked([&](Runtime& r) { return r.used[device]; });
}
std::size_t live_streams() {
  return locked([](Runtime& r) { return r.streams.size(); });
}
std::size_t live_events() {
  return locked([](Runtime& r) { return r.events.size(); });
}
std::size_t launches(std::string_view part, std::string_view other) {
  return locked([&](Runtime& r) {
    const bool all = part.empty() && other.empty();
    std::size_t count = 0;
    for (const auto& [kernel, times] : r.launches) {
      const std::string name = all ? "" : name_of(kernel);
      if (all || (name.find(part) != name.npos && name.find(other) != name.npos)) count += times;
    }
    return count;
  });
}
void reset_launches() {
  locked([](Runtime& r) { r.launches.clear(); });
}

}  // namespace simt::emu

using namespace simt::emu;

const char* cudaGetErrorName(cudaError_t error) {
  const ErrorText* const text = text_of(error);
  return text ? text->name : "unrecognized error code";
}
const char* cudaGetErrorString(cudaError_t error) {
  const ErrorText* const text = text_of(error);
  return text ? text->text : "unrecognized error code";
}
cudaError_t cudaGetLastError() { return std::exchange(last_error, cudaSuccess); }
cudaError_t cudaPeekAtLastError() { return last_error; }

// ---- devices

cudaError_t cudaGetDeviceCount(int* count) {
  return call(
      __func__,
      [&](Runtime& r) {
        *count = r.devices;
        return cudaSuccess;
      },
      Uses::host);
}
cudaError_t cudaGetDevice(int* device) {
  return call(
      __func__,
      [&](Runtime&) {
        *device = current_device;
        return cudaSuccess;
      },
      Uses::host);
}
cudaError_t cudaSetDevice(int device) {
  return call(
      __func__,
      [&](Runtime& r) {
        if (device < 0 || device >= r.devices) return cudaErrorInvalidDevice;
        current_device = device;
        return cudaSuccess;
      },
      Uses::host);
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  return call(
      __func__,
      [&](Runtime& r) {
        if (device < 0 || device >= r.devices) return cudaErrorInvalidDevice;
        switch (attribute) {
          case cudaDevAttrMaxThreadsPerBlock: *value = 1024; return cudaSuccess;
          case cudaDevAttrMaxSharedMemoryPerBlock: *value = 48 * 1024; return cudaSuccess;
          case cudaDevAttrWarpSize: *value = 32; return cudaSuccess;
          case cudaDevAttrMultiProcessorCount: *value = 2; return cudaSuccess;
          case cudaDevAttrComputeCapabilityMajor: *value = 9; return cudaSuccess;
          case cudaDevAttrComputeCapabilityMinor: *value = 0; return cudaSuccess;
          case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = most_shared_at_launch; return cudaSuccess;
        }
        return cudaErrorInvalidValue;
      },
      Uses::host);
}
cudaError_t cudaDeviceSynchronize() {
  return call(__func__, [](Runtime&) { return cudaSuccess; });
}

cudaError_t cudaGetDriverEntryPointByVersion(const char* name, void** function, unsigned version,
    unsigned long long flags, cudaDriverEntryPointQueryResult* found) {
  return call(
      __func__,
      [&](Runtime&) {
        if (flags != cudaEnableDefault) return cudaErrorInvalidValue;
        const bool there = std::string_view(name) == "cuTensorMapEncodeTiled" && version >= 12000;
        *function = there ? reinterpret_cast<void*>(&cuTensorMapEncodeTiled) : nullptr;
        if (found) *found = there ? cudaDriverEntryPointSuccess : cudaDriverEntryPointSymbolNotFound;
        return cudaSuccess;
      },
      Uses::host);
}

// ---- streams

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return call(__func__, [&](Runtime& r) {
    if (flags > cudaStreamNonBlocking) return cudaErrorInvalidValue;
    r.streams.insert(*stream = new CUstream_st{current_device, flags});
    return cudaSuccess;
  });
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  return call(__func__, [&](Runtime& r) {
    if (r.streams.erase(stream) == 0) return cudaErrorInvalidResourceHandle;
    delete stream;
    return cudaSuccess;
  });
}
cudaError_t cudaStreamGetFlags(cudaStream_t stream, unsigned* flags) {
  return call(__func__, [&](Runtime& r) {
    if (!r.valid(stream)) return cudaErrorInvalidResourceHandle;
    *flags = stream ? stream->flags : cudaStreamDefault;
    return cudaSuccess;
  });
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return call(__func__, [&](Runtime& r) {
    if (!r.valid(stream)) return cudaErrorInvalidResourceHandle;
    return Runtime::not_while_captured(stream);
  });
}
cudaError_t cudaStreamQuery(cudaStream_t stream) {
  return call(__func__, [&](Runtime& r) {
    if (!r.valid(stream)) return cudaErrorInvalidResourceHandle;
    return Runtime::not_while_captured(stream);
  });
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags) {
  return call(__func__, [&](Runtime& r) {
    if (flags != 0) return cudaErrorInvalidValue;
    if (!r.valid(stream) || !r.valid(event)) return cudaErrorInvalidResourceHandle;
    return Runtime::not_while_captured(stream);  // stricter than CUDA
  });
}

// ---- events

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  return call(__func__, [&](Runtime& r) {
    if ((flags & ~cudaEventDisableTiming) != 0) return cudaErrorInvalidValue;
    r.events.insert(*event = new CUevent_st{current_device, flags == cudaEventDefault});
    return cudaSuccess;
  });
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return call(__func__, [&](Runtime& r) {
    if (r.events.erase(event) == 0) return cudaErrorInvalidResourceHandle;
    delete event;
    return cudaSuccess;
  });
}
/// An event accepts only streams of the device on which it was created.
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return call(__func__, [&](Runtime& r) {
    if (!r.valid(event) || !r.valid(stream) || event->device != (stream ? stream->device : current_device))
      return cudaErrorInvalidResourceHandle;
    if (Runtime::captured(stream)) return Runtime::not_while_captured(stream);  // stricter than CUDA
    event->recorded = true;
    event->time = std::chrono::steady_clock::now();
    return cudaSuccess;
  });
}
cudaError_t cudaEventQuery(cudaEvent_t event) {
  return call(
      __func__, [&](Runtime& r) { return r.valid(event) ? cudaSuccess : cudaErrorInvalidResourceHandle; });
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return call(
      __func__, [&](Runtime& r) { return r.valid(event) ? cudaSuccess : cudaErrorInvalidResourceHandle; });
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  return call(__func__, [&](Runtime& r) {
    for (const cudaEvent_t event : {start, end})
      if (!r.valid(event) || !event->timed || !event->recorded) return cudaErrorInvalidResourceHandle;
    *milliseconds = std::chrono::duration<float, std::milli>(end->time - start->time).count();
    return cudaSuccess;
  });
}
