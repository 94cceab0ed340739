// Clusters for the emulator, as kernels/cuda/hopper/cluster.cuh describes them. Shared memory of another
// block is accessed like the block's own, in code that the sanitizers see.
#pragma once

namespace simt::emu {

void cluster_arrive(CallSite at);
void cluster_wait(CallSite at);
void* map_shared_rank(const void* place, unsigned rank, CallSite at);

}  // namespace simt::emu

namespace simt {

inline unsigned cluster_rank() { return emu::running.rank; }
inline void cluster_arrive(SIMT_HERE) { emu::cluster_arrive(at); }
inline void cluster_wait(SIMT_HERE) { emu::cluster_wait(at); }
template <class T>
T* map_shared_rank(T* place, unsigned rank, SIMT_HERE) {
  return static_cast<T*>(emu::map_shared_rank(place, rank, at));
}

}  // namespace simt
