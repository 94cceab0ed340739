// What a test can ask of the emulated CUDA devices, and how it breaks them.
#pragma once
#include <cstddef>
#include <string_view>

#include <cuda_runtime_api.h>
#include <simt_emu/emulator.h>

namespace simt::emu {

/// 2 at first. Of 0 devices the runtime says what it says on a machine without a driver.
void set_device_count(int count);
/// What cudaMalloc has to give on each device; 4 GiB at first.
void set_device_memory(std::size_t bytes);

/// The next launch runs nothing and returns `error`, as cudaGetLastError does once.
void fail_next_launch(cudaError_t error);
/// A kernel of before fails: each launch, and each call that uses a device, returns `error`, until this is
/// called with cudaSuccess. (On a GPU that takes another process.)
void fail_earlier_kernel(cudaError_t error);
/// So does the next call of a function of the runtime, as in fail_next("cudaMalloc", ...), and returns it
/// too.
void fail_next(const char* function, cudaError_t error);

/// Blocks of cudaMalloc and cudaMallocHost that were not freed.
std::size_t live_allocations();
/// Bytes of cudaMalloc on a device.
std::size_t device_bytes(int device);
/// Streams and events that were not destroyed.
std::size_t live_streams();
std::size_t live_events();

/// Launches that ran since the last reset: of kernels whose name, with its template arguments, contains both.
std::size_t launches(std::string_view part = "", std::string_view other = "");
void reset_launches();

}  // namespace simt::emu
