// Semantics of clusters: what their barrier orders, shared memory of other blocks, and misuses that must be
// reported.
#include <cstdint>

#include <simt_emu/semantics.h>
#include <simt_emu/semantics_wgmma.h>
#include <tenon/kernels/cuda/hopper/cluster.cuh>
#include <tenon/kernels/cuda/hopper/copy.cuh>

namespace {

using namespace tenon::kernels::cuda;

/// Runs clusters of `size` blocks of 64 threads, with each of eight schedules.
template <auto kernel, unsigned size = 2, unsigned grid = 4>
void run() {
  for (unsigned seed = 0; seed < 8; ++seed) {
    simt::emu::schedule_seed = seed;
    simt::launch_in_clusters(size, 0, nullptr, +kernel, grid, 64);
  }
}
/// One cluster of two, whose blocks and threads take turns in ascending order.
template <auto kernel>
void run_in_order() {
  simt::emu::schedule_seed = 0;
  simt::launch_in_clusters(2, 0, nullptr, +kernel, 2, 64);
}
void cluster_sync() {
  simt::cluster_arrive();
  simt::cluster_wait();
}

/// Each block reads what the next of its cluster of four wrote, with the barriers before and after that or
/// not.
template <bool first, bool last>
void exchange() {
  SIMT_SHARED(tile, unsigned[64]);
  const unsigned rank = simt::cluster_rank(), next = (rank + 1) % 4;
  EXPECT(rank == blockIdx.x % 4);
  for (unsigned round = 0; round < 3; ++round) {
    tile[threadIdx.x] = 100 * blockIdx.x + threadIdx.x + round;
    if (first || round == 0) cluster_sync();
    const unsigned value = simt::map_shared_rank(tile, next)[63 - threadIdx.x];
    const unsigned right = 100 * (blockIdx.x - rank + next) + 63 - threadIdx.x + round;
    EXPECT(first && last ? value == right : value < 2000);
    if (last || round == 2) cluster_sync();
  }
}

constexpr Case cases[] = {
    {"cluster_exchange", "fine", run<exchange<true, true>, 4, 12>},
    {"cluster_of_one_block", "fine",
        run<[] {
          SIMT_SHARED(s, unsigned[64]);
          EXPECT(simt::cluster_rank() == 0);
          s[threadIdx.x] = threadIdx.x;
          cluster_sync();
          EXPECT(simt::map_shared_rank(s, 0)[63 - threadIdx.x] == 63 - threadIdx.x);
        },
            1>},
    {"cluster_writes_to_another_block", "fine", run<[] {
       SIMT_SHARED(s, unsigned[64]);
       s[threadIdx.x] = 0;
       cluster_sync();
       simt::map_shared_rank(s, simt::cluster_rank() ^ 1u)[63 - threadIdx.x] = blockIdx.x;
       cluster_sync();
       EXPECT(s[threadIdx.x] == (blockIdx.x ^ 1u));
     }>},
    {"cluster_of_blocks_that_use_barriers_and_copies", "fine",
        [] {
          int* const numbers = memory<int>(64);
          for (int i = 0; i < 64; ++i) numbers[i] = i;
          for (unsigned seed = 0; seed < 8; ++seed) {
            simt::emu::schedule_seed = seed;
            simt::launch_in_clusters(
                2, 0, nullptr,
                +[](const int* all) {
                  SIMT_SHARED(tile, int[64]);
                  SIMT_SHARED(full, std::uint64_t);
                  if (threadIdx.x == 0) simt::mbarrier_init(&full, 1);
                  simt::fence_proxy_async();
                  __syncthreads();
                  if (threadIdx.x == 0) {
                    simt::mbarrier_arrive_expect_tx(&full, 256);
                    simt::bulk_copy(tile, all, 256, &full);
                  }
                  simt::mbarrier_wait(&full, 0);
                  int sum = tile[threadIdx.x];
                  for (int lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(~0u, sum, lanes);
                  EXPECT(sum == (threadIdx.x < 32 ? 496 : 1520));
                  simt::bar_sync(1, 64);
                  cluster_sync();
                  EXPECT(simt::map_shared_rank(tile, 1 - simt::cluster_rank())[threadIdx.x] ==
                         static_cast<int>(threadIdx.x));
                  cluster_sync();
                },
                4, 64, static_cast<const int*>(numbers));
          }
        }},
    {"cluster_of_blocks_that_use_wgmma", "fine",
        [] {
          simt::launch_in_clusters(
              2, 0, nullptr,
              +[] {
                SIMT_SHARED(operand, std::uint16_t[1024]);
                const bool second = simt::cluster_rank() == 1;
                for (unsigned i = threadIdx.x; i < 1024; i += 128)
                  operand[i] = second ? 0x4000 : 0x3f80;  // 2, 1
                simt::fence_proxy_async();
                __syncthreads();
                float d[32] = {};
                multiply_by_itself(operand, d);
                for (const float x : d) EXPECT(x == (second ? 64 : 16));
              },
              2, 128);
        }},
    {"cluster_does_not_wait_for_threads_that_have_returned", "fine", run<[] {
       if (threadIdx.x >= 32 || blockIdx.x % 2 == 0) cluster_sync();
     }>},
    {"cluster_read_before_the_barrier", "race", run<exchange<false, true>, 4, 12>},
    {"cluster_write_before_the_barrier", "race", run<exchange<true, false>, 4, 12>},
    {"cluster_arrive_does_not_acquire", "race", run<[] {
       SIMT_SHARED(s, unsigned[64]);
       cluster_sync();
       s[threadIdx.x] = 1;
       simt::cluster_arrive();
       simt::map_shared_rank(s, simt::cluster_rank() ^ 1u)[threadIdx.x] = 2;
       simt::cluster_wait();
       cluster_sync();
     }>},
    {"cluster_block_ends_too_early",
        "error: may still use its shared memory (map_shared_rank at semantics_clusters.cpp", run<[] {
          SIMT_SHARED(s, unsigned[64]);
          s[threadIdx.x] = 1;
          cluster_sync();
          if (blockIdx.x % 2 == 0) EXPECT(simt::map_shared_rank(s, 1)[threadIdx.x] == 1);
        }>},
    {"cluster_memory_of_a_block_that_has_ended", "fine", run_in_order<[] {
       SIMT_SHARED(s, int[64]);
       s[threadIdx.x] = 1;
       cluster_sync();
       const int* const other = simt::map_shared_rank(s, 1);
       cluster_sync();
       for (int i = 0; i < 3 && blockIdx.x == 0; ++i) __syncthreads();
       if (blockIdx.x == 0) EXPECT(other[threadIdx.x] == -1);
     }>},
    {"cluster_map_of_a_block_that_has_ended", "error: map_shared_rank: block 1 of the cluster has ended",
        run_in_order<[] {
          SIMT_SHARED(s, int[64]);
          s[threadIdx.x] = 1;
          cluster_sync();
          for (int i = 0; i < 3 && blockIdx.x == 0; ++i) __syncthreads();
          if (blockIdx.x == 0) simt::map_shared_rank(s, 1);
        }>},
    {"cluster_map_before_the_first_barrier",
        "error: map_shared_rank: block 1 of the cluster may not have begun", run<[] {
          SIMT_SHARED(s, unsigned[64]);
          if (simt::cluster_rank() == 0) simt::map_shared_rank(s, 1);
        }>},
    {"cluster_map_of_an_object_that_is_declared_later",
        "error: has not reached the declaration of this object", run<[] {
          cluster_sync();
          if (simt::cluster_rank() == 1) __syncthreads();
          SIMT_SHARED(s, unsigned[64]);
          simt::map_shared_rank(s, 1);
          cluster_sync();
        }>},
    {"cluster_map_of_a_block_that_is_not_there",
        "error: map_shared_rank: block 2 of the cluster, which has 2", run<[] {
          SIMT_SHARED(s, unsigned[64]);
          simt::map_shared_rank(s, 2);
        }>},
    {"cluster_map_of_a_local_variable", "error: map_shared_rank: not an object in this block's shared memory",
        run<[] {
          int local = 0;
          simt::map_shared_rank(&local, 1);
        }>},
    {"cluster_missing_thread", "error: 63 threads wait for cluster_wait", run<[] {
       if (threadIdx.x == 3) __syncthreads();
       cluster_sync();
     }>},
    {"cluster_arrive_twice", "error: cluster_arrive: this thread has arrived", run<[] {
       simt::cluster_arrive();
       simt::cluster_arrive();
     }>},
    {"cluster_wait_without_arrive", "error: cluster_wait: cluster_arrive must come first",
        run<[] { simt::cluster_wait(); }>},
    {"cluster_grid_of_half_a_cluster", "error: a cluster of 4 blocks in a grid of 6", run<[] {}, 4, 6>},
    {"cluster_of_nine_blocks", "error: a cluster of 9 blocks in a grid of 9", run<[] {}, 9, 9>},
};

}  // namespace

std::span<const Case> cluster_cases() { return cases; }
