// Blocks that finish together: each takes a ticket, and the one that takes the last goes on alone.
#pragma once
#include <tenon/kernels/cuda/simt.h>

namespace tenon::kernels::cuda {

/// True in all threads of the block that is the last of `blocks` to get here; it sees what the others wrote
/// before, if it reads with __ldcg. The ticket is 0 again afterwards; one block alone needs none. One
/// thread's fences serve the block: between two barriers they cover what the others wrote before and read
/// after.
__device__ inline bool is_last_block(unsigned* ticket, unsigned blocks) {
  if (blocks == 1) {
    __syncthreads();
    return true;
  }
  SIMT_SHARED(last, bool);
  __syncthreads();
  if (threadIdx.x == 0) {
    __threadfence();
    last = atomicAdd(ticket, 1u) == blocks - 1;
    if (last) atomicExch(ticket, 0u);
    __threadfence();
  }
  __syncthreads();
  return last;
}

}  // namespace tenon::kernels::cuda
