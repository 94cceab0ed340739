// What Hopper's asynchronous instructions need of shared memory: addresses, and the fence between two
// proxies. Ordinary loads and stores use the generic proxy; wgmma and bulk copies use the async proxy, which
// may see an older state of shared memory until a fence. The emulator has the same functions
// (tests/simt_emu/wgmma.h).
#pragma once
#include <cstdint>

#include <tenon/kernels/cuda/simt.h>

#if defined(__CUDACC__)
namespace simt {

// For instructions that exist from sm_90 on; code for other targets must not get here.
#if __CUDA_ARCH__ >= 900
#define SIMT_SM90(...) asm volatile(__VA_ARGS__)
#else
#define SIMT_SM90(...) __trap()
#endif

/// The address of an object in shared memory, within the block's shared memory.
__device__ inline std::uint32_t shared_address(const void* object) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(object));
}

/// This thread's ordinary stores to shared memory before it are seen by wgmma and bulk copies after it.
__device__ inline void fence_proxy_async() { SIMT_SM90("fence.proxy.async.shared::cta;" ::: "memory"); }

}  // namespace simt
#endif
