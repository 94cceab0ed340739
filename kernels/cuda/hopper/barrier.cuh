// Barriers for blocks whose warps have different roles, such as one that fetches tiles and others that
// compute.
//
// Named barriers (PTX bar.sync, bar.arrive) are like __syncthreads() for some warps of a block. `threads`, a
// multiple of 32, counts all that take part, those that wait and those that only arrive:
//
//   simt::bar_arrive(1, 64);    one warp: what it wrote is there
//   simt::bar_sync(1, 64);      another: it is there now
//
// An mbarrier (PTX mbarrier) is an object in shared memory that goes from phase to phase. A phase ends when
// `count` arrivals have come and as many bytes have been delivered as were expected; the next begins at once.
// A wait names the phase by its parity: 0 for the first, 1 for the second, 0 for the third. Once:
//
//   SIMT_SHARED(full, std::uint64_t);
//   if (threadIdx.x == 0) simt::mbarrier_init(&full, 1);
//   simt::fence_proxy_async();      the thread that initialises, if bulk copies use it (copy.cuh)
//   __syncthreads();
//
// and for each phase:
//
//   simt::mbarrier_arrive(&full);         one thread: what it wrote is there
//   simt::mbarrier_wait(&full, parity);   others: it is there now
//
// A wait for the parity of the phase before the current one returns at once, so a wait with parity 1 does
// before the first phase has ended: a producer begins with that, as all places are empty. No thread may fall
// two phases behind.
//
// The emulator has the same functions (tests/simt_emu/hopper_barriers.h).
#pragma once
#include <cstdint>

#include <tenon/kernels/cuda/simt.h>
#include <tenon/kernels/cuda/hopper/shared.cuh>

#if defined(__CUDACC__)
namespace simt {

/// Waits until `threads` threads have arrived at barrier `id`, which is 1 to 15: 0 is __syncthreads. All
/// lanes of a warp call it.
__device__ inline void bar_sync(int id, int threads) {
  asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
}
/// Arrives without waiting.
__device__ inline void bar_arrive(int id, int threads) {
  asm volatile("bar.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory");
}

/// By one thread, before others use it. `count`: the arrivals of each phase.
__device__ inline void mbarrier_init(std::uint64_t* barrier, unsigned count) {
  SIMT_SM90("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)), "r"(count) : "memory");
}
/// Its memory may be used for something else.
__device__ inline void mbarrier_inval(std::uint64_t* barrier) {
  SIMT_SM90("mbarrier.inval.shared::cta.b64 [%0];" ::"r"(shared_address(barrier)) : "memory");
}
__device__ inline void mbarrier_arrive(std::uint64_t* barrier) {
  SIMT_SM90("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(barrier)) : "memory");
}
/// Arrives, and has the phase wait for another `bytes` bytes of bulk copies.
__device__ inline void mbarrier_arrive_expect_tx(std::uint64_t* barrier, unsigned bytes) {
  SIMT_SM90(
      "mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(barrier)), "r"(bytes)
      : "memory");
}
/// Waits until the phase of that parity has ended.
__device__ inline void mbarrier_wait(std::uint64_t* barrier, unsigned parity) {
  unsigned ended = 0;
  while (!ended)  // try_wait gives up after a time that the hardware chooses
    SIMT_SM90(
        "{\n.reg .pred ended;\nmbarrier.try_wait.parity.shared::cta.b64 ended, [%1], %2;\n"
        "selp.u32 %0, 1, 0, ended;\n}\n"
        : "=r"(ended)
        : "r"(shared_address(barrier)), "r"(parity)
        : "memory");
}

}  // namespace simt
#endif
