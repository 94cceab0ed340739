// Blocks that finish together: each takes a ticket, and the one with the last ticket continues alone.
#pragma once
#include <tenon/kernels/cuda/simt.h>

namespace tenon::kernels::cuda {

/// True in all threads of the last of `blocks` blocks to arrive here. That block sees what the others wrote
/// before, if it reads with __ldcg. Afterwards the ticket is 0 again; a single block needs no ticket. The
/// fences of one thread are sufficient for its block: between two barriers they cover the earlier writes and
/// the later reads of all its threads.
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
