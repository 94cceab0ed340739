// The CUDA constructs that kernels may use. nvcc gets CUDA itself and a few wrappers; any other compiler gets
// the header named by TENON_SIMT_HEADER: the tests' emulator (tests/simt_emu), with one fiber per CUDA
// thread. Kernel source is the same for both; constructs that CUDA lacks or that the emulator must know about
// are named SIMT_* or simt::*.
//
//   SIMT_SHARED(tile, float[8][33]);        an object shared by the threads of a block; initially undefined
//   SIMT_SHARED_AT_LAUNCH(name, T);         one more, which may exceed 48 KiB: launch_with_shared makes room
//   simt::launch(stream, kernel, grid, threads, arguments...)     returns a cudaError_t, as an int
//   simt::launch_with_shared(sizeof(T), stream, kernel, ...)      the same with SIMT_SHARED_AT_LAUNCH
//   simt::launch_in_clusters(blocks, sizeof(T) or 0, stream, kernel, ...)     the same with clusters (sm_90)
//   simt::replace(graph, node, sizeof(T) or 0, kernel, grid, ...)     the same for a launch in a CUDA graph
//   simt::copy_async<4, 8 or 16>(shared, global, there)             zeros unless there; nothing is read then
//   simt::commit_copies()                   ends a group of this thread's copies
//   simt::wait_for_copies<N>()              all groups but the last N are there, for this thread
//   simt::compiler_fence()                  the compiler moves no memory access past it; free at run time
//   threadIdx.x blockIdx.x blockDim.x gridDim.x __syncthreads() __syncwarp() __shfl_xor_sync() ...: CUDA's
//
// Grids and blocks are one-dimensional. The emulator reports violations of these rules:
//   every lane named in a mask reaches the call; lanes that pass data through memory meet at __syncwarp();
//   no thread returns before a later __syncthreads(): guard the work, not the barrier;
//   no block waits for another outside its cluster; the last block to take a ticket continues
//   (kernels/cuda/ticket.cuh).
#pragma once
#if defined(__CUDACC__)
#include <type_traits>

#include <cuda_runtime.h>

#define SIMT_SHARED(name, ...) __shared__ __align__(16) std::type_identity_t<__VA_ARGS__> name
// All of them in a source are one symbol: its alignment is at most 16, or the same for all.
#define SIMT_SHARED_AT_LAUNCH(name, ...)                                              \
  extern __shared__ __align__(                                                        \
      (::simt::alignment_at_launch<std::type_identity_t<__VA_ARGS__>>)) unsigned char \
      simt_shared_at_launch[];                                                        \
  auto& name = *reinterpret_cast<std::type_identity_t<__VA_ARGS__>*>(simt_shared_at_launch)

namespace simt {

template <class T>
inline constexpr std::size_t alignment_at_launch = alignof(T) < 16 ? 16 : alignof(T);

__device__ inline void compiler_fence() { asm volatile("" ::: "memory"); }

/// Copies 4, 8 or 16 bytes to shared memory without passing through registers, where the card can (sm_80).
/// The "memory" keeps the compiler from moving accesses past it.
template <int Bytes>
__device__ inline void copy_async(void* to, const void* from, bool there = true) {
  static_assert(Bytes == 4 || Bytes == 8 || Bytes == 16);
#if __CUDA_ARCH__ >= 800
  const unsigned at = static_cast<unsigned>(__cvta_generic_to_shared(to));
  const int bytes = there ? Bytes : 0;  // the rest becomes 0
  if constexpr (Bytes == 16)            // .cg: not in the L1 cache, where nobody would look for it
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(at), "l"(from), "r"(bytes) : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %3, %2;" ::"r"(at), "l"(from), "r"(bytes), "n"(Bytes)
                 : "memory");
#else
  struct alignas(Bytes) Unit {
    unsigned words[Bytes / 4];
  };
  *static_cast<Unit*>(to) = there ? *static_cast<const Unit*>(from) : Unit{};
#endif
}
__device__ inline void commit_copies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}
template <int Pending>
__device__ inline void wait_for_copies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" ::"n"(Pending) : "memory");
#endif
}

/// Enqueues kernel(args...), each argument first converted to its parameter's type. Returns an error of this
/// launch or of an earlier kernel; never an error that another call left for cudaGetLastError().
template <class... P, class... A>
int launch_in_clusters(unsigned cluster, std::size_t shared, void* stream, void (*kernel)(P...),
    unsigned grid, unsigned threads, const A&... args) {
  cudaLaunchConfig_t config{};
  cudaLaunchAttribute blocks{};
  blocks.id = cudaLaunchAttributeClusterDimension;
  blocks.val.clusterDim = {cluster, 1, 1};
  if (cluster > 1) {
    config.attrs = &blocks;
    config.numAttrs = 1;
  }
  config.dynamicSmemBytes = shared;
  if (shared > 0) {
    if (const int error = cudaFuncSetAttribute(
            kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared)))
      return error;
    if (const int error = cudaFuncSetAttribute(
            kernel, cudaFuncAttributePreferredSharedMemoryCarveout, cudaSharedmemCarveoutMaxShared))
      return error;
  }
  config.gridDim = dim3(grid);
  config.blockDim = dim3(threads);
  config.stream = static_cast<cudaStream_t>(stream);
  const auto enqueue = [&](P... parameters) {
    void* places[sizeof...(P) + 1] = {&parameters...};
    return cudaLaunchKernelExC(&config, reinterpret_cast<const void*>(kernel), places);
  };
  return enqueue(P(args)...);
}
template <class... P, class... A>
int launch_with_shared(std::size_t shared, void* stream, void (*kernel)(P...), unsigned grid,
    unsigned threads, const A&... args) {
  return launch_in_clusters(1, shared, stream, kernel, grid, threads, args...);
}
template <class... P, class... A>
int launch(void* stream, void (*kernel)(P...), unsigned grid, unsigned threads, const A&... args) {
  return launch_with_shared(0, stream, kernel, grid, threads, args...);
}

/// Replaces the arguments of a launch of `kernel` in an executable graph.
template <class... P, class... A>
int replace(void* graph, void* node, std::size_t shared, void (*kernel)(P...), unsigned grid,
    unsigned threads, const A&... args) {
  const auto set = [&](P... parameters) {
    void* places[sizeof...(P) + 1] = {&parameters...};
    cudaKernelNodeParams params{};
    params.func = reinterpret_cast<void*>(kernel);
    params.gridDim = dim3(grid);
    params.blockDim = dim3(threads);
    params.sharedMemBytes = static_cast<unsigned>(shared);
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
