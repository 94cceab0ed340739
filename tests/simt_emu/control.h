// Controls of the emulated CUDA devices for tests, including failures on demand.
#pragma once
#include <cstddef>
#include <string_view>

#include <cuda_runtime_api.h>
#include <simt_emu/emulator.h>

namespace simt::emu {

/// Initially 2. With 0 devices the runtime behaves as on a machine without a driver.
void set_device_count(int count);
/// The memory of each device in bytes; initially 4 GiB.
void set_device_memory(std::size_t bytes);

/// The next launch runs nothing and returns `error`, and cudaGetLastError returns it once.
void fail_next_launch(cudaError_t error);
/// Simulates the failure of an earlier kernel: each launch, and each call that uses a device, returns `error`
/// until this is called with cudaSuccess. (A real GPU would need a new process.)
void fail_earlier_kernel(cudaError_t error);
/// The next call of the named function fails and returns `error`, as in fail_next("cudaMalloc", ...).
void fail_next(const char* function, cudaError_t error);

/// Blocks from cudaMalloc and cudaMallocHost that have not been freed.
std::size_t live_allocations();
/// Bytes allocated with cudaMalloc on a device.
std::size_t device_bytes(int device);
/// Streams and events that have not been destroyed.
std::size_t live_streams();
std::size_t live_events();

/// Launches since the last reset of kernels whose name, with its template arguments, contains both strings.
std::size_t launches(std::string_view part = "", std::string_view other = "");
void reset_launches();

}  // namespace simt::emu
