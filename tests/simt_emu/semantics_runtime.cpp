// The emulated CUDA runtime: memory that only the device may access, checked copies, and failures on demand.
#include <cmath>
#include <cstddef>
#include <cstring>

#include <simt_emu/semantics.h>

namespace {

using namespace simt::emu;

float* device_memory(std::size_t count) {
  void* memory = nullptr;
  EXPECT(cudaMalloc(&memory, count * sizeof(float)) == cudaSuccess);
  return static_cast<float*>(memory);
}
void clear_error() {
  EXPECT(cudaGetLastError() != cudaSuccess);
  EXPECT(cudaGetLastError() == cudaSuccess);
}

void copies() {
  float host[5] = {1, 2, 3, 4, 5}, back[5] = {};
  float* const a = device_memory(5);
  EXPECT(cudaMemcpyAsync(back, a, 20, cudaMemcpyDeviceToHost) == cudaSuccess && std::isnan(back[4]));
  EXPECT(cudaMemcpyAsync(a, host, 20, cudaMemcpyHostToDevice) == cudaSuccess);
  EXPECT(cudaSetDevice(1) == cudaSuccess);
  float* const b = device_memory(5);
  EXPECT(cudaMemcpyPeerAsync(b + 1, 1, a, 0, 16) == cudaSuccess);
  EXPECT(cudaMemcpyAsync(b, a + 4, 4, cudaMemcpyDefault) == cudaSuccess);
  EXPECT(cudaMemcpyAsync(back, b, 20, cudaMemcpyDefault) == cudaSuccess);
  EXPECT(back[0] == 5 && back[1] == 1 && back[4] == 4);
  EXPECT(cudaMemsetAsync(b + 1, 0, 4) == cudaSuccess);
  EXPECT(cudaMemcpyAsync(back, b, 20, cudaMemcpyDeviceToHost) == cudaSuccess && back[1] == 0 && back[2] == 2);
}

void wrong_copies() {
  float host[6] = {};
  float* const a = device_memory(5);
  float* const pinned = memory(5);
  const cudaError_t wrong[] = {
      cudaMemcpyAsync(host, host, 4, cudaMemcpyHostToDevice),
      cudaMemcpyAsync(pinned, host, 4, cudaMemcpyHostToDevice),
      cudaMemcpyAsync(a, a, 4, cudaMemcpyHostToDevice),
      cudaMemcpyAsync(host, a, 4, cudaMemcpyHostToDevice),
      cudaMemcpyAsync(host, host, 4, cudaMemcpyDeviceToHost),
      cudaMemcpyAsync(a, host, 4, cudaMemcpyDeviceToDevice),
      cudaMemcpyAsync(a, host, 24, cudaMemcpyHostToDevice),
      cudaMemcpyAsync(host, a + 1, 20, cudaMemcpyDeviceToHost),
      cudaMemcpyPeerAsync(a, 1, a, 0, 4),
      cudaMemsetAsync(host, 0, 4),
      cudaMemsetAsync(a + 1, 0, 20),
      cudaFree(a + 1),
      cudaFree(pinned),
      cudaFreeHost(a),
  };
  for (const cudaError_t error : wrong) EXPECT(error == cudaErrorInvalidValue);
  clear_error();
  EXPECT(cudaMemcpyAsync(a, host, 20, cudaMemcpyHostToDevice) == cudaSuccess);
}

void freed_on_another_device() {
  float* const a = device_memory(5);
  EXPECT(cudaSetDevice(1) == cudaSuccess && cudaFree(a) == cudaErrorInvalidValue);
  EXPECT(cudaSetDevice(0) == cudaSuccess && cudaFree(a) == cudaSuccess && cudaFree(nullptr) == cudaSuccess);
}

void kernel_on_host_memory() {
  float here = 0;
  simt::launch(
      nullptr, +[](int, float*) {}, 1, 1, 7, memory(1) + 1);
  simt::launch(
      nullptr, +[](int, float*) {}, 1, 1, 7, &here);
}

void kernel_on_another_device() {
  struct Part {
    long rows;
    float* data;
  };
  const Part part{5, device_memory(5)};
  simt::launch(
      nullptr, +[](Part) {}, 1, 1, part);
  EXPECT(cudaSetDevice(1) == cudaSuccess);
  simt::launch(
      nullptr, +[](Part) {}, 1, 1, part);
}

struct Table {
  struct {
    float* data;
    long size;
  } row[8];
  unsigned count;  // followed by padding
  long size;
};

void kernel_with_a_table_on_another_device() {
  static Table table;
  table.row[0].data = device_memory(5);
  EXPECT(cudaSetDevice(1) == cudaSuccess);
  simt::launch(
      nullptr, +[](Table) {}, 1, 1, table);
}

template <class T, int N>
void named() {}
struct Named {};

void counters() {
  const std::size_t before = live_allocations();
  void* pinned = nullptr;
  EXPECT(cudaMallocHost(&pinned, 8) == cudaSuccess);
  float* const a = device_memory(3);
  EXPECT(live_allocations() == before + 2 && device_bytes(0) == 12 && device_bytes(1) == 0);
  EXPECT(cudaFree(a) == cudaSuccess && cudaFreeHost(pinned) == cudaSuccess);
  EXPECT(live_allocations() == before && device_bytes(0) == 0);
  reset_launches();
  for (int i = 0; i < 3; ++i)
    simt::launch(
        nullptr, +[] {}, 1, 1);
  EXPECT(launches() == 3);
  simt::launch(nullptr, named<Named, 4>, 1, 1);
  EXPECT(launches() == 4 && launches("named<") == 1 && launches("::Named, 4>()") == 1 &&
         launches("Named, 5>") == 0);
}

void out_of_memory() {
  set_device_memory(100);
  float* const a = device_memory(20);
  void* b = nullptr;
  EXPECT(cudaMalloc(&b, 24) == cudaErrorMemoryAllocation);
  clear_error();
  std::size_t left = 0, total = 0;
  EXPECT(cudaMemGetInfo(&left, &total) == cudaSuccess && left == 20 && total == 100);
  EXPECT(cudaFree(a) == cudaSuccess && cudaMalloc(&b, 24) == cudaSuccess);
}

void no_device() {
  set_device_count(0);
  int count = -1;
  EXPECT(cudaGetDeviceCount(&count) == cudaErrorInsufficientDriver);
  EXPECT(std::strstr(cudaGetErrorString(cudaGetLastError()), "driver version is insufficient"));
  void* memory = nullptr;
  EXPECT(cudaMalloc(&memory, 4) == cudaErrorInsufficientDriver);
  set_device_count(1);
  EXPECT(
      cudaGetDeviceCount(&count) == cudaSuccess && count == 1 && cudaSetDevice(1) == cudaErrorInvalidDevice);
}

void failures_on_request() {
  auto* const out = memory<int>(1);
  const auto kernel = +[](int* place) { ++*place; };
  fail_next_launch(cudaErrorLaunchFailure);
  EXPECT(simt::launch(nullptr, kernel, 1, 1, out) == cudaErrorLaunchFailure);
  EXPECT(*out == 0 && cudaPeekAtLastError() == cudaErrorLaunchFailure);
  clear_error();
  simt::launch(nullptr, kernel, 1, 1, out);
  EXPECT(*out == 1 && cudaGetLastError() == cudaSuccess);
  fail_next("cudaDeviceSynchronize", cudaErrorIllegalAddress);
  EXPECT(cudaStreamSynchronize(nullptr) == cudaSuccess);
  EXPECT(cudaDeviceSynchronize() == cudaErrorIllegalAddress && cudaDeviceSynchronize() == cudaSuccess);
  clear_error();
  EXPECT(cudaSetDevice(99) == cudaErrorInvalidDevice);
  EXPECT(simt::launch(nullptr, kernel, 1, 1, out) == cudaSuccess && *out == 2);
  EXPECT(cudaGetLastError() == cudaErrorInvalidDevice);
  fail_earlier_kernel(cudaErrorIllegalAddress);
  EXPECT(simt::launch(nullptr, kernel, 1, 1, out) == cudaErrorIllegalAddress && *out == 2);
  EXPECT(cudaStreamQuery(nullptr) == cudaErrorIllegalAddress && cudaSetDevice(0) == cudaSuccess);
  fail_earlier_kernel(cudaSuccess);
  EXPECT(cudaStreamQuery(nullptr) == cudaSuccess);
}

void streams_and_events() {
  cudaStream_t stream = nullptr;
  cudaEvent_t start = nullptr, end = nullptr, untimed = nullptr;
  EXPECT(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == cudaSuccess && live_streams() == 1);
  for (cudaEvent_t* event : {&start, &end})
    EXPECT(cudaEventCreateWithFlags(event, cudaEventDefault) == cudaSuccess);
  EXPECT(cudaEventCreateWithFlags(&untimed, cudaEventDisableTiming) == cudaSuccess && live_events() == 3);
  float ms = -1;
  EXPECT(cudaEventRecord(start, stream) == cudaSuccess);
  EXPECT(cudaEventElapsedTime(&ms, start, end) == cudaErrorInvalidResourceHandle);
  EXPECT(cudaEventRecord(end, stream) == cudaSuccess && cudaEventRecord(untimed, stream) == cudaSuccess);
  EXPECT(cudaEventElapsedTime(&ms, start, end) == cudaSuccess && ms >= 0);
  EXPECT(cudaEventElapsedTime(&ms, start, untimed) == cudaErrorInvalidResourceHandle);
  EXPECT(cudaEventQuery(end) == cudaSuccess && cudaStreamWaitEvent(stream, end) == cudaSuccess);

  EXPECT(cudaSetDevice(1) == cudaSuccess);
  cudaGetLastError();
  EXPECT(cudaEventRecord(end, nullptr) == cudaErrorInvalidResourceHandle);  // belongs to device 0
  clear_error();
  simt::launch(
      stream, +[] {}, 1, 1);
  EXPECT(cudaGetLastError() == cudaErrorInvalidResourceHandle);
  EXPECT(cudaSetDevice(0) == cudaSuccess && cudaStreamDestroy(stream) == cudaSuccess);
  EXPECT(cudaStreamSynchronize(stream) == cudaErrorInvalidResourceHandle);
  for (const cudaEvent_t event : {start, end, untimed}) EXPECT(cudaEventDestroy(event) == cudaSuccess);
  EXPECT(live_streams() == 0 && live_events() == 0);
}

void fill(float* place) { place[threadIdx.x] = 1; }

cudaStream_t new_stream() {
  cudaStream_t stream = nullptr;
  EXPECT(cudaStreamCreateWithFlags(&stream, cudaStreamDefault) == cudaSuccess);
  return stream;
}
void add_to(float* sum, float what) { *sum += what; }

/// Launches and copies run when the graph is launched, in their order; a launch can be replaced.
void graphs() {
  const cudaStream_t stream = new_stream();
  float* const sum = memory(1);
  float* const copy = memory(1);
  EXPECT(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed) == cudaSuccess);
  simt::launch(stream, add_to, 1, 1, sum, 2);
  cudaStreamCaptureStatus status{};
  const cudaGraphNode_t* nodes = nullptr;
  std::size_t count = 0;
  EXPECT(cudaStreamGetCaptureInfo(stream, &status, nullptr, nullptr, &nodes, nullptr, &count) == cudaSuccess);
  EXPECT(status == cudaStreamCaptureStatusActive && count == 1);
  const cudaGraphNode_t first = nodes[0];
  EXPECT(cudaMemcpyAsync(copy, sum, 4, cudaMemcpyDefault, stream) == cudaSuccess);
  simt::launch(stream, add_to, 1, 1, sum, 10);
  cudaGraph_t graph = nullptr;
  EXPECT(cudaStreamEndCapture(stream, &graph) == cudaSuccess && *sum == 0);
  EXPECT(cudaGraphGetNodes(graph, nullptr, &count) == cudaSuccess && count == 3);
  cudaGraphExec_t executable = nullptr;
  EXPECT(cudaGraphInstantiateWithFlags(&executable, graph, 0) == cudaSuccess);
  EXPECT(cudaGraphLaunch(executable, stream) == cudaSuccess && *sum == 12 && *copy == 2);
  EXPECT(simt::replace(executable, first, 0, add_to, 1, 1, sum, 6) == cudaSuccess);
  EXPECT(cudaGraphLaunch(executable, stream) == cudaSuccess && *sum == 28 && *copy == 18);
  EXPECT(simt::replace(
             executable, first, 0, +[](float*) {}, 1, 1, sum) == cudaErrorInvalidValue);
  clear_error();
  EXPECT(cudaGraphDestroy(graph) == cudaSuccess && cudaGraphExecDestroy(executable) == cudaSuccess);
}

void wait_for_a_captured_stream() {
  const cudaStream_t stream = new_stream();
  EXPECT(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed) == cudaSuccess);
  simt::launch(stream, add_to, 1, 1, memory(1), 1);
  EXPECT(cudaStreamSynchronize(stream) == cudaErrorStreamCaptureUnsupported);
  cudaGraph_t graph = nullptr;
  EXPECT(cudaStreamEndCapture(stream, &graph) == cudaErrorStreamCaptureInvalidated && !graph);
  clear_error();
  EXPECT(cudaStreamSynchronize(stream) == cudaSuccess);
}

const Case cases[] = {
    {"copies", "fine", copies},
    {"wrong_copies", "fine", wrong_copies},
    {"freed_on_another_device", "fine", freed_on_another_device},
    {"kernel_on_host_memory", "plain: argument 2 of the kernel points to memory of the host",
        kernel_on_host_memory},
    {"kernel_on_another_device", "error: argument 1 of the kernel points to memory of another device",
        kernel_on_another_device},
    {"kernel_with_a_table_on_another_device",
        "error: argument 1 of the kernel points to memory of another device",
        kernel_with_a_table_on_another_device},
#if defined(__GNUC__) && !defined(__clang__)  // otherwise padding is not told from data
    {"kernel_with_half_a_pointer_in_padding", "fine",
        [] {
          static Table table;
          const float* const data = device_memory(5);
          std::memcpy(reinterpret_cast<char*>(&table) + offsetof(Table, count), &data, sizeof data);
          EXPECT(cudaSetDevice(1) == cudaSuccess);
          simt::launch(
              nullptr, +[](Table) {}, 1, 1, table);
        }},
#endif
    {"counters", "fine", counters},
    {"out_of_memory", "fine", out_of_memory},
    {"no_device", "fine", no_device},
    {"failures_on_request", "fine", failures_on_request},
    {"streams_and_events", "fine", streams_and_events},
    {"graphs", "fine", graphs},
    {"wait_for_a_captured_stream", "fine", wait_for_a_captured_stream},

    {"kernel_in_device_memory", "fine",
        [] {
          float* const a = device_memory(33);
          simt::launch(nullptr, fill, 1, 33, a);
          float last = 0;
          EXPECT(cudaMemcpyAsync(&last, a + 32, 4, cudaMemcpyDeviceToHost) == cudaSuccess && last == 1);
          EXPECT(cudaFree(a) == cudaSuccess);
        }},
    {"kernel_past_device_memory", "asan: heap-buffer-overflow",
        [] { simt::launch(nullptr, fill, 1, 33, device_memory(32)); }},
    {"kernel_in_freed_memory", "asan: heap-use-after-free",
        [] {
          float* const a = device_memory(32);
          EXPECT(cudaFree(a) == cudaSuccess);
          simt::launch(nullptr, fill, 1, 32, a);
        }},
    {"host_reads_device_memory", "asan: use-after-poison",
        [] {
          float* const a = device_memory(33);
          simt::launch(nullptr, fill, 1, 33, a);
          EXPECT(a[32] == 1);
        }},
    {"host_writes_after_a_failed_launch", "asan: use-after-poison",
        [] {
          float* const a = device_memory(3);
          try {
            simt::launch(nullptr, fill, 1, 0, a);
          } catch (const Error&) { *a = 1; }
        }},
    {"host_copies_device_memory", "asan: use-after-poison",
        [] {
          float copy[3];
          std::memcpy(copy, device_memory(3), sizeof copy);
          EXPECT(copy[0] != 0);
        }},
    {"copy_past_host_memory", "asan: buffer-overflow",
        [] {
          float host[3] = {};
          cudaMemcpyAsync(device_memory(4), host, 16, cudaMemcpyHostToDevice);
        }},
};

}  // namespace

std::span<const Case> runtime_cases() { return cases; }
