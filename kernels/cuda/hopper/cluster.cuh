// Clusters: up to 8 blocks that run at the same time and can access each other's shared memory. A launch asks
// for them (simt::launch_in_clusters); a cluster is that many consecutive blocks of the grid.
//
//   SIMT_SHARED(tile, float[256]);
//   tile[threadIdx.x] = ...;
//   simt::cluster_arrive();                     each thread of each block
//   simt::cluster_wait();                       all of them have arrived, and what they wrote is there
//   const float* other = simt::map_shared_rank(tile, simt::cluster_rank() ^ 1);
//   ... other[threadIdx.x] ...                  the tile of the other block, if there are two
//   simt::cluster_arrive();
//   simt::cluster_wait();                       before the other block ends or overwrites its tile
//
// The first barrier is also needed where nothing is written: it shows that the other block has started.
//
// The emulator has the same functions (tests/simt_emu/clusters.h).
#pragma once
#include <tenon/kernels/cuda/simt.h>
#include <tenon/kernels/cuda/hopper/shared.cuh>

#if defined(__CUDACC__)
namespace simt {

/// The number of this block in its cluster.
__device__ inline unsigned cluster_rank() {
  unsigned rank = 0;
  SIMT_SM90("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
  return rank;
}
/// Arrives at the barrier of the cluster; cluster_wait must follow. Threads that have returned are not waited
/// for.
__device__ inline void cluster_arrive() { SIMT_SM90("barrier.cluster.arrive.release;" ::: "memory"); }
__device__ inline void cluster_wait() { SIMT_SM90("barrier.cluster.wait.acquire;" ::: "memory"); }

/// The place in the shared memory of block `rank` of the cluster that `place` is in this block's. It may be
/// read and written until the other block ends.
template <class T>
__device__ inline T* map_shared_rank(T* place, unsigned rank) {
  T* there = nullptr;
  SIMT_SM90("mapa.u64 %0, %1, %2;" : "=l"(there) : "l"(place), "r"(rank));
  return there;
}

}  // namespace simt
#endif
