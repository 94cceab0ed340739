// The words a CUDA kernel is written in. nvcc gets CUDA itself and a few wrappers; any other compiler gets
// what TENON_SIMT_HEADER names: the emulator of the tests (tests/simt_emu), in which one fiber stands for one
// CUDA thread. A kernel says the same in both worlds: what CUDA lacks or the emulator must know about is
// named SIMT_* or simt::*.
//
//   SIMT_SHARED(tile, float[8][33]);        an object that the threads of a block share; it starts undefined
//   simt::launch(stream, kernel, grid, threads, arguments...)     returns a cudaError_t, as an int
//   simt::compiler_fence()                  the compiler moves no access to memory past it; it costs nothing
//   threadIdx.x blockIdx.x blockDim.x gridDim.x __syncthreads() __syncwarp() __shfl_xor_sync() ...: CUDA's
//   own
//
// Grids and blocks have one dimension. A kernel keeps these rules, and the emulator reports who does not:
//   every lane named in a mask reaches the call; lanes that pass data through memory meet at __syncwarp();
//   no thread returns before a later __syncthreads(): guard the work, not the barrier;
//   no block waits for another one, except that the last to take a ticket goes on (kernels/cuda/ticket.cuh).
#pragma once
#if defined(__CUDACC__)
#include <type_traits>

#include <cuda_runtime.h>

#define SIMT_SHARED(name, ...) __shared__ __align__(16) std::type_identity_t<__VA_ARGS__> name

namespace simt {

__device__ inline void compiler_fence() { asm volatile("" ::: "memory"); }

/// Enqueues kernel(args...), each argument converted to its parameter's type first. Returns what went wrong
/// with this launch, or with an earlier kernel; never an error that another call left for cudaGetLastError().
template <class... P, class... A>
int launch(void* stream, void (*kernel)(P...), unsigned grid, unsigned threads, const A&... args) {
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(grid);
  config.blockDim = dim3(threads);
  config.stream = static_cast<cudaStream_t>(stream);
  const auto enqueue = [&](P... parameters) {
    void* places[sizeof...(P) + 1] = {&parameters...};
    return cudaLaunchKernelExC(&config, reinterpret_cast<const void*>(kernel), places);
  };
  return enqueue(P(args)...);
}

}  // namespace simt
#elif defined(TENON_SIMT_HEADER)
#include TENON_SIMT_HEADER
#else
#error "compile CUDA kernels by nvcc, or name what stands for it: -DTENON_SIMT_HEADER=<simt_emu/emulator.h>"
#endif
