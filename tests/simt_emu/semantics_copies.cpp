// Semantics of bulk copies: what they order, when their bytes are there, and misuses that must be reported.
#include <cstdint>

#include <simt_emu/semantics.h>
#include <simt_emu/semantics_wgmma.h>
#include <tenon/kernels/cuda/hopper/copy.cuh>

namespace {

using simt::launch;
using Barrier = std::uint64_t;

using Kernel = void (*)(const int*);
/// Runs with each of eight schedules, on 256 integers of which number i is i.
template <auto kernel>
void copies() {
  int* const numbers = memory<int>(256);
  for (int i = 0; i < 256; ++i) numbers[i] = i;
  for (unsigned seed = 0; seed < 8; ++seed) {
    simt::emu::schedule_seed = seed;
    launch(nullptr, Kernel(kernel), 1, 64, numbers);
  }
}
/// An mbarrier that bulk copies can use, and a tile for them.
#define MBARRIER                                       \
  SIMT_SHARED(full, Barrier);                          \
  if (threadIdx.x == 0) simt::mbarrier_init(&full, 1); \
  simt::fence_proxy_async();                           \
  __syncthreads()
#define TILE_AND_BARRIER      \
  SIMT_SHARED(tile, int[64]); \
  MBARRIER;                   \
  static_cast<void>(tile)

/// Thread 0 has tiles copied, and warp 1 reads them, through a ring of two places.
template <bool waits_for_full, bool waits_for_empty>
void copied_ring(const int* numbers) {
  SIMT_SHARED(full, Barrier[2]);
  SIMT_SHARED(empty, Barrier[2]);
  SIMT_SHARED(tile, int[2][32]);
  if (threadIdx.x == 0)
    for (int i : {0, 1}) {
      simt::mbarrier_init(&full[i], 1);
      simt::mbarrier_init(&empty[i], 32);
    }
  simt::fence_proxy_async();
  __syncthreads();
  const unsigned lane = threadIdx.x % 32;
  for (unsigned k = 0; k < 7; ++k) {
    const unsigned place = k % 2, parity = k / 2 % 2;
    if (threadIdx.x == 0) {
      if (waits_for_empty) simt::mbarrier_wait(&empty[place], parity ^ 1u);
      simt::mbarrier_arrive_expect_tx(&full[place], 128);
      simt::bulk_copy(tile[place], numbers + 32 * k, 48, &full[place]);
      simt::bulk_copy(tile[place] + 12, numbers + 32 * k + 12, 80, &full[place]);
    } else if (threadIdx.x >= 32) {
      if (waits_for_full) simt::mbarrier_wait(&full[place], parity);
      const int value = tile[place][lane];  // -1 before it is delivered
      EXPECT(waits_for_full ? value == static_cast<int>(32 * k + lane) : value < 224);
      simt::mbarrier_arrive(&empty[place]);
    }
  }
}

constexpr Case cases[] = {
    {"bulk_ring", "fine", copies<copied_ring<true, true>>},
    {"bulk_reader_does_not_wait", "race", copies<copied_ring<false, true>>},
    {"bulk_writer_does_not_wait", "error: too many arrivals", copies<copied_ring<true, false>>},
    {"bulk_copy_into_a_tile_that_is_read", "race", copies<[](const int* numbers) {
       TILE_AND_BARRIER;
       for (unsigned k = 0; k < 2; ++k) {
         if (threadIdx.x == 0) {
           simt::mbarrier_arrive_expect_tx(&full, 256);
           simt::bulk_copy(tile, numbers, 256, &full);
         }
         simt::mbarrier_wait(&full, k);
         EXPECT(tile[threadIdx.x] < 64);
       }
     }>},
    {"bulk_copy_is_nan_before_the_wait", "fine", copies<[](const int* numbers) {
       TILE_AND_BARRIER;
       if (threadIdx.x != 0) return;
       simt::mbarrier_arrive_expect_tx(&full, 256);
       simt::bulk_copy(tile, numbers, 256, &full);
       for (const int i : tile) EXPECT(i == -1);
       simt::mbarrier_wait(&full, 0);
       for (int i = 0; i < 64; ++i) EXPECT(tile[i] == i);
     }>},
    {"bulk_copy_delivered_before_the_arrival", "fine", copies<[](const int* numbers) {
       TILE_AND_BARRIER;
       if (threadIdx.x == 0) simt::bulk_copy(tile, numbers, 256, &full);
       __syncthreads();
       __syncthreads();
       __syncthreads();
       if (threadIdx.x == 0) simt::mbarrier_arrive_expect_tx(&full, 256);
       simt::mbarrier_wait(&full, 0);
       EXPECT(tile[threadIdx.x] == static_cast<int>(threadIdx.x));
     }>},
    {"bulk_copy_for_wgmma", "fine",
        [] {
          auto* const ones = memory<std::uint16_t>(1024);
          for (int i = 0; i < 1024; ++i) ones[i] = 0x3f80;
          for (unsigned seed = 0; seed < 3; ++seed) {
            simt::emu::schedule_seed = seed;
            launch(
                nullptr,
                +[](const std::uint16_t* all) {
                  SIMT_SHARED(operand, std::uint16_t[1024]);
                  MBARRIER;
                  if (threadIdx.x == 0) {
                    simt::mbarrier_arrive_expect_tx(&full, 2048);
                    simt::bulk_copy(operand, all, 2048, &full);
                  }
                  simt::mbarrier_wait(&full, 0);
                  float d[32] = {};
                  multiply_by_itself(operand, d);
                  for (const float x : d) EXPECT(x == 16);
                },
                1, 128, static_cast<const std::uint16_t*>(ones));
          }
        }},
    {"bulk_copy_of_other_bytes", "error: (phase 0, 0 of 1 arrivals pending, -64 bytes outstanding)",
        copies<[](const int* numbers) {
          TILE_AND_BARRIER;
          if (threadIdx.x == 0) {
            simt::mbarrier_arrive_expect_tx(&full, 192);
            simt::bulk_copy(tile, numbers, 256, &full);
          }
          simt::mbarrier_wait(&full, 0);
        }>},
    {"bulk_copy_not_expected", "error: is still in flight when the block has ended",
        copies<[](const int* numbers) {
          TILE_AND_BARRIER;
          if (threadIdx.x == 0) {
            simt::bulk_copy(tile, numbers, 256, &full);
            simt::mbarrier_arrive(&full);
          }
          simt::mbarrier_wait(&full, 0);
        }>},
    {"bulk_copy_written_in_flight", "error: its destination was written before the copy was delivered",
        copies<[](const int* numbers) {
          TILE_AND_BARRIER;
          if (threadIdx.x != 0) return;
          simt::mbarrier_arrive_expect_tx(&full, 256);
          simt::bulk_copy(tile, numbers, 256, &full);
          tile[63] = 0;
          simt::mbarrier_wait(&full, 0);
        }>},
    {"bulk_copy_to_an_invalidated_mbarrier", "error: its mbarrier was invalidated",
        copies<[](const int* numbers) {
          TILE_AND_BARRIER;
          if (threadIdx.x == 0) {
            simt::bulk_copy(tile, numbers, 256, &full);
            simt::mbarrier_inval(&full);
          }
          simt::bar_sync(1, 96);  // nobody can run
        }>},
    {"bulk_copy_of_24_bytes", "error: bulk_copy: 24 bytes; it must be a multiple of 16",
        copies<[](const int* numbers) {
          TILE_AND_BARRIER;
          simt::bulk_copy(tile, numbers, 24, &full);
        }>},
    {"bulk_copy_misaligned", "error: bulk_copy: the source is not aligned", copies<[](const int* numbers) {
       TILE_AND_BARRIER;
       simt::bulk_copy(tile, numbers + 2, 16, &full);
     }>},
    {"bulk_copy_to_a_misaligned_place", "error: bulk_copy: the destination is not aligned",
        copies<[](const int* numbers) {
          TILE_AND_BARRIER;
          simt::bulk_copy(tile + 2, numbers, 16, &full);
        }>},
    {"bulk_copy_beyond_the_tile", "error: not within one object in shared memory",
        copies<[](const int* numbers) {
          TILE_AND_BARRIER;
          simt::bulk_copy(tile + 32, numbers, 144, &full);
        }>},
    {"bulk_copy_beyond_the_allocation", "error: not within one allocation", copies<[](const int* numbers) {
       TILE_AND_BARRIER;
       simt::bulk_copy(tile, numbers + 252, 32, &full);
     }>},
    {"bulk_copy_without_an_mbarrier", "error: bulk_copy: no mbarrier at", copies<[](const int* numbers) {
       SIMT_SHARED(tile, int[64]);
       SIMT_SHARED(full, Barrier);
       simt::bulk_copy(tile, numbers, 256, &full);
     }>},
    {"bulk_copy_without_a_fence_after_init", "error: no fence.proxy.async since mbarrier_init",
        copies<[](const int* numbers) {
          SIMT_SHARED(tile, int[64]);
          SIMT_SHARED(full, Barrier);
          if (threadIdx.x != 0) return;
          simt::mbarrier_init(&full, 1);
          simt::bulk_copy(tile, numbers, 256, &full);
        }>},
};

}  // namespace

std::span<const Case> copy_cases() { return cases; }
