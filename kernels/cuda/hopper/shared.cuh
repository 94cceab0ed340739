// What Hopper's asynchronous instructions need of shared memory: addresses, swizzled tiles, and the fence
// between two proxies. Ordinary loads and stores use the generic proxy; wgmma and bulk copies use the async
// proxy, which may see an older state of shared memory until a fence. The emulator has the same functions
// (tests/simt_emu/wgmma.h).
#pragma once
#include <cstdint>

#include <tenon/kernels/arith/host_device.h>
#include <tenon/kernels/cuda/simt.h>

namespace tenon::kernels::cuda {

/// How the chunks of 16 bytes of a row are permuted in shared memory, so that eight rows, read at the same
/// chunk, lie in different banks: bits 4 and up of the address are XORed with bits 7 and up. The values are
/// those of wgmma's matrix descriptors.
enum class Swizzle : unsigned { none = 0, bytes128 = 1, bytes64 = 2, bytes32 = 3 };
/// The bytes of a row: 16, 32, 64 or 128.
TENON_HOST_DEVICE constexpr unsigned row_bytes(Swizzle swizzle) {
  return swizzle == Swizzle::none ? 16 : 256u >> static_cast<unsigned>(swizzle);
}
/// Where the byte at `offset` of a tile is stored. The tile starts at a multiple of 8 row_bytes(swizzle).
TENON_HOST_DEVICE constexpr unsigned swizzled(Swizzle swizzle, unsigned offset) {
  return offset ^ ((offset >> 7 & (row_bytes(swizzle) / 16 - 1)) << 4);
}

}  // namespace tenon::kernels::cuda

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
