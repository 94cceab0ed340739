// Moving registers between warpgroups (PTX setmaxnreg, sm_90a). A launch gives every thread the same number;
// a warpgroup that only copies leaves most of its own to those that multiply. All threads of the warpgroup
// call it. The sum over the block must fit into what the launch got. The emulator's are empty
// (tests/simt_emu/wgmma.h).
#pragma once
#include <tenon/kernels/cuda/simt.h>

#if defined(__CUDACC__)
namespace simt {

template <int Count>
__device__ inline void take_registers() {
  static_assert(Count % 8 == 0 && Count >= 24 && Count <= 256);
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(Count));
#endif
}
template <int Count>
__device__ inline void leave_registers() {
  static_assert(Count % 8 == 0 && Count >= 24 && Count <= 256);
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(Count));
#endif
}

}  // namespace simt
#endif
