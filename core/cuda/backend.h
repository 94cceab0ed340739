// What core and the kernels need from CUDA, without a CUDA header. The definitions exist only in a build with
// CUDA: callers test built_with_cuda first, with `if constexpr`, so a build without CUDA needs no stubs.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>

#include <tenon/core/cuda.h>

namespace tenon::cuda {

#ifndef TENON_WITH_CUDA
#error \
    "the build says whether there is CUDA, to the sources in core and kernels only (cmake/TenonLibrary.cmake)"
#endif
inline constexpr bool built_with_cuda = TENON_WITH_CUDA;

int driver_device_count() noexcept;
/// The runtime's reason why there is no device; null if it found one.
const char* driver_problem() noexcept;

/// Makes a device current for a scope. All code that calls CUDA uses one, so that the caller's current device
/// is preserved.
class DeviceGuard {
 public:
  explicit DeviceGuard(Device device);
  ~DeviceGuard();
  DeviceGuard(const DeviceGuard&) = delete;
  DeviceGuard& operator=(const DeviceGuard&) = delete;

 private:
  int before_ = -1;  // the device to restore, if a different one
};

// ---- streams

/// Makes a stream and returns its number.
int add_stream(Device device);
/// Waits for a stream, or for all streams of a device. Throws the errors of their work; `op` begins the text.
void wait(const char* op, Stream stream);
void wait_for_all(const char* op, Device device);

// ---- memory, in stream order

/// Uninitialised device memory for work on `stream`, reused in that stream's order. Throws Error if the
/// device is out of memory even after everything kept for reuse was returned.
void* allocate(Stream stream, std::size_t bytes);
/// `bytes` is the requested size. Work on the stream may still use the memory.
void release(Stream stream, void* memory, std::size_t bytes) noexcept;
/// CPU memory that devices read at full speed. It may be reused right after `release_pinned`, so a caller
/// that lets a device read it must wait first; upload() takes care of its own.
void* allocate_pinned(std::size_t bytes);
void release_pinned(void* memory, std::size_t bytes) noexcept;
MemoryUse memory_bytes(Device device);
void drain_cache(Device device);

/// Device memory for the duration of a launch.
class Scratch {
 public:
  Scratch(Stream stream, std::size_t bytes)
      : stream_(stream), bytes_(bytes), memory_(bytes ? allocate(stream, bytes) : nullptr) {}
  ~Scratch() {
    if (memory_) release(stream_, memory_, bytes_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  template <class T>
  T* as() const {
    return static_cast<T*>(memory_);
  }

 private:
  Stream stream_;
  std::size_t bytes_;
  void* memory_;
};

// ---- copies

/// Copies from CPU memory, which may change as soon as the call returns. Up to 1 MiB goes through pinned
/// memory without waiting.
void upload(Stream stream, void* device, const void* host, std::size_t bytes);
/// Copies to CPU memory. Waits, and throws the errors of the stream's work.
void download(Stream stream, void* host, const void* device, std::size_t bytes);
/// Copies between two streams, possibly of two devices; `to` waits for `from`, and later work of `from` waits
/// for the copy.
void transfer(Stream to, void* target, Stream from, const void* source, std::size_t bytes);

// ---- events (cuda::Event)

void* record_event(void* event, Stream stream);  // makes the event if it is null
bool event_ready(void* event, Device device);
void wait_for_event(void* event, Device device);
void block_on_event(void* event, Stream stream);
double elapsed_ms(void* start, void* end, Device device);
void destroy_event(void* event) noexcept;

// ---- launches

/// What an error says about a failed launch: `reduce_long: ...; sizes [5, 200], 1 blocks of 256 threads`.
struct Launch {
  Stream stream;
  const char* kernel;
  std::initializer_list<std::int64_t> sizes;
  bool may_fault = false;  // the kernel receives the stream's fault_slot()
};
/// Stream::native_handle(). A launch on it needs a DeviceGuard.
void* native_handle(Stream stream);
/// Throws CudaError if the launch returned an error (`error` is a cudaError_t) or, with TENON_SYNC=1 in the
/// environment, if the kernel failed.
void check_launch(const Launch& launch, std::int64_t blocks, int threads, int error);

/// Launchers choose kernels and grids by this count.
int multiprocessors(Stream stream);
/// For tests: launchers choose as on a device with `count` multiprocessors, or, if it is 0, by the device's
/// actual count.
void override_multiprocessors(Device device, int count);

/// The bytes of shared memory that a block can have, if its launch asks for them.
std::size_t shared_memory(Device device);
/// Whether the device has the instructions of sm_90a.
bool is_hopper(Device device);

/// Counters for blocks that finish together, all zero before and after each launch.
inline constexpr int ticket_count = 8192;
unsigned* tickets(Stream stream);

// ---- graphs

/// Makes a graph of what `work` enqueues.
void* record_graph(Stream stream, const std::function<void()>& work);
void replay_graph(void* graph);
void destroy_graph(void* graph) noexcept;
/// Throws if another thread is recording the stream's work.
bool captured_by_this_thread(Stream stream);
/// Whether a block was allocated before this thread began to record.
bool is_older_than_graph(Stream stream, const void* memory);
/// repeat(), while this thread records.
void capture_work(Stream stream, const std::function<void()>& work);

/// A recorded launch, whose arguments the next launch of this thread replaces. Without one, `node` is null.
struct CapturedLaunch {
  void *graph, *node;  // a cudaGraphExec_t and a cudaGraphNode_t
};
CapturedLaunch launch_to_replace();

/// Invalid input found by a kernel, which records the first occurrence here; the next synchronisation throws
/// Error with `text`, whose {} are replaced by the values.
struct Fault {
  unsigned found;
  const char* text;  // host memory
  std::int64_t values[4];
};
/// The stream's slot in device memory, for a launch with `may_fault` that follows: this thread will be told
/// of its fault, whichever thread waits first.
Fault* fault_slot(Stream stream);

}  // namespace tenon::cuda
