// The CUDA constructs that kernels may use. nvcc gets CUDA itself and a few wrappers; any other compiler gets
// the header named by TENON_SIMT_HEADER: the tests' emulator (tests/simt_emu), with one fiber per CUDA
// thread. Kernel source is the same for both; constructs that CUDA lacks or that the emulator must know about
// are named SIMT_* or simt::*.
//
//   SIMT_SHARED(tile, float[8][33]);        an object shared by the threads of a block; initially undefined
//   simt::launch(stream, kernel, grid, threads, arguments...)     returns a cudaError_t, as an int
//   simt::replace(graph, node, kernel, grid, threads, arguments...)   the same for a launch in a CUDA graph
//   simt::compiler_fence()                  the compiler moves no memory access past it; free at run time
//   threadIdx.x blockIdx.x blockDim.x gridDim.x __syncthreads() __syncwarp() __shfl_xor_sync() ...: CUDA's
//
// Grids and blocks are one-dimensional. The emulator reports violations of these rules:
//   every lane named in a mask reaches the call; lanes that pass data through memory meet at __syncwarp();
//   no thread returns before a later __syncthreads(): guard the work, not the barrier;
//   no block waits for another; the last block to take a ticket continues (kernels/cuda/ticket.cuh).
#pragma once
#if defined(__CUDACC__)
#include <type_traits>

#include <cuda_runtime.h>

#define SIMT_SHARED(name, ...) __shared__ __align__(16) std::type_identity_t<__VA_ARGS__> name

namespace simt {

__device__ inline void compiler_fence() { asm volatile("" ::: "memory"); }

/// Enqueues kernel(args...), each argument first converted to its parameter's type. Returns an error of this
/// launch or of an earlier kernel; never an error that another call left for cudaGetLastError().
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

/// Replaces the arguments of a launch of `kernel` in an executable graph.
template <class... P, class... A>
int replace(
    void* graph, void* node, void (*kernel)(P...), unsigned grid, unsigned threads, const A&... args) {
  const auto set = [&](P... parameters) {
    void* places[sizeof...(P) + 1] = {&parameters...};
    cudaKernelNodeParams params{};
    params.func = reinterpret_cast<void*>(kernel);
    params.gridDim = dim3(grid);
    params.blockDim = dim3(threads);
    params.kernelParams = places;
    return cudaGraphExecKernelNodeSetParams(
        static_cast<cudaGraphExec_t>(graph), static_cast<cudaGraphNode_t>(node), &params);
  };
  return set(P(args)...);
}

}  // namespace simt
#elif defined(TENON_SIMT_HEADER)
#include TENON_SIMT_HEADER
#else
#error "compile CUDA kernels with nvcc, or name a substitute: -DTENON_SIMT_HEADER=<simt_emu/emulator.h>"
#endif
