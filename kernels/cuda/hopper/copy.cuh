// Bulk copies (PTX cp.async.bulk): one thread asks the copy engine for a row of bytes, and an mbarrier counts
// those that have been delivered. One phase of `full`, whose count is 1:
//
//   simt::mbarrier_arrive_expect_tx(&full, bytes);      one thread
//   simt::bulk_copy(tile, global, bytes, &full);        the same; several copies may add up to `bytes`
//   simt::mbarrier_wait(&full, parity);                 each thread that reads the tile
//
// The engine writes through the async proxy: wgmma sees the tile without a fence. What threads did with the
// tile before must be ordered before the copy, by another mbarrier for instance, with a fence_proxy_async()
// after ordinary stores. The block must not end while a copy is in flight.
//
// The emulator has the same function (tests/simt_emu/bulk_copies.h).
#pragma once
#include <cstdint>

#include <tenon/kernels/cuda/simt.h>
#include <tenon/kernels/cuda/hopper/barrier.cuh>
#include <tenon/kernels/cuda/hopper/shared.cuh>

#if defined(__CUDACC__)
namespace simt {

/// `to`, in shared memory, `from`, in global memory, and `bytes` are multiples of 16.
__device__ inline void bulk_copy(void* to, const void* from, unsigned bytes, std::uint64_t* barrier) {
  SIMT_SM90("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(
                shared_address(to)),
            "l"(__cvta_generic_to_global(from)), "r"(bytes), "r"(shared_address(barrier))
            : "memory");
}

}  // namespace simt
#endif
