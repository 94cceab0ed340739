// Semantics of Hopper's barriers: what they order, and misuses that must be reported.
#include <cstdint>

#include <simt_emu/semantics.h>
#include <tenon/kernels/cuda/hopper/barrier.cuh>

namespace {

using simt::launch;

/// Runs with each of three schedules, or with the first.
template <auto kernel, unsigned threads = 64, unsigned seeds = 3>
void run() {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    simt::emu::schedule_seed = seed;
    launch(nullptr, +kernel, 1, threads);
  }
}

using Barrier = std::uint64_t;

/// Two mbarriers, `full` and `empty`, of which each phase has `count` arrivals.
#define MBARRIERS(count)                \
  SIMT_SHARED(full, Barrier);           \
  SIMT_SHARED(empty, Barrier);          \
  static_cast<void>(empty);             \
  if (threadIdx.x == 0) {               \
    simt::mbarrier_init(&full, count);  \
    simt::mbarrier_init(&empty, count); \
  }                                     \
  __syncthreads()

/// Warp 0 writes, warp 1 reads, through a ring of two places.
template <bool waits_for_full, bool waits_for_empty>
void ring() {
  SIMT_SHARED(full, Barrier[2]);
  SIMT_SHARED(empty, Barrier[2]);
  SIMT_SHARED(tile, int[2][32]);
  if (threadIdx.x == 0)
    for (int i : {0, 1}) {
      simt::mbarrier_init(&full[i], 32);
      simt::mbarrier_init(&empty[i], 32);
    }
  __syncthreads();
  const unsigned lane = threadIdx.x % 32;
  for (unsigned k = 0; k < 7; ++k) {
    const unsigned place = k % 2, parity = k / 2 % 2;
    if (threadIdx.x < 32) {
      if (waits_for_empty) simt::mbarrier_wait(&empty[place], parity ^ 1u);
      tile[place][lane] = static_cast<int>(k);
      simt::mbarrier_arrive(&full[place]);
    } else {
      if (waits_for_full) simt::mbarrier_wait(&full[place], parity);
      const int value = tile[place][31 - lane];  // -1 if nobody wrote it
      EXPECT(waits_for_full && waits_for_empty ? value == static_cast<int>(k) : value < 7);
      simt::mbarrier_arrive(&empty[place]);
    }
  }
}

/// The same with named barriers, 1 and 2 for full, 3 and 4 for empty.
template <bool reader_waits>
void named_ring() {
  SIMT_SHARED(tile, int[2][32]);
  const unsigned lane = threadIdx.x % 32;
  for (unsigned k = 0; k < 7; ++k) {
    const int place = static_cast<int>(k % 2);
    if (threadIdx.x < 32) {
      if (k >= 2) simt::bar_sync(3 + place, 64);
      tile[place][lane] = static_cast<int>(k);
      simt::bar_arrive(1 + place, reader_waits ? 64 : 32);
    } else {
      if (reader_waits) simt::bar_sync(1 + place, 64);
      const int value = tile[place][31 - lane];
      EXPECT(reader_waits ? value == static_cast<int>(k) : value < 7);
      if (k < 5) simt::bar_arrive(3 + place, 64);
    }
  }
}

constexpr Case cases[] = {
    {"bar_ring", "fine", run<[] { named_ring<true>(); }>},
    {"bar_without_a_wait", "race", run<[] { named_ring<false>(); }>},
    {"bar_sync_orders_its_threads_only", "race",
        run<[] {
          SIMT_SHARED(s, int[96]);
          s[threadIdx.x] = 1;
          if (threadIdx.x < 64) simt::bar_sync(1, 64);
          if (threadIdx.x < 32) s[64 + threadIdx.x] = 2;
        },
            96>},
    {"bar_arrive_does_not_acquire", "race",
        run<[] {
          SIMT_SHARED(s, int[64]);
          s[threadIdx.x] = 1;
          if (threadIdx.x < 32) simt::bar_sync(1, 64);
          else simt::bar_arrive(1, 64);
          if (threadIdx.x >= 32) s[threadIdx.x - 32] = 2;
        },
            64, 1>},
    {"bar_missing_warp", "error: 32 threads wait for bar.sync 3", run<[] {
       if (threadIdx.x < 32) simt::bar_sync(3, 64);
     }>},
    {"bar_count_too_large", "error: (64 of 96 threads have arrived), the first is thread 0",
        run<[] { simt::bar_sync(15, 96); }>},
    {"bar_missing_lane", "error: 31 threads wait for bar.sync 2", run<[] {
       if (threadIdx.x != 40) simt::bar_sync(2, 64);
     }>},
    {"bar_of_lanes_that_differ", "error: bar.sync 2 meets bar.sync 1 of another lane",
        run<[] { simt::bar_sync(1 + static_cast<int>(threadIdx.x / 16 % 2), 64); }>},
    {"bar_counts_that_differ", "error: threads, but another thread expects ",
        run<[] { simt::bar_sync(1, threadIdx.x < 32 ? 64 : 96); }>},
    {"bar_count_not_of_whole_warps", "error: bar.sync 1: 48 threads; it must be a multiple of 32",
        run<[] { simt::bar_sync(1, 48); }>},
    {"bar_arrive_zero", "error: bar.arrive: barrier 0; there are 1 to 15",
        run<[] { simt::bar_arrive(0, 64); }>},

    {"mbarrier_ring", "fine", run<[] { ring<true, true>(); }>},
    {"mbarrier_reader_does_not_wait", "race", run<[] { ring<false, true>(); }>},
    {"mbarrier_writer_does_not_wait", "error: 32 threads wait for parity 0 of the mbarrier",
        run<[] { ring<true, false>(); }>},
    {"mbarrier_arrive_does_not_acquire", "race",
        run<[] {
          SIMT_SHARED(s, int[64]);
          MBARRIERS(64);
          s[threadIdx.x] = 1;
          simt::mbarrier_arrive(&full);
          if (threadIdx.x < 32) simt::mbarrier_wait(&full, 0);
          else if (threadIdx.x == 40) s[0] = 2;  // thread 0 has arrived before
        },
            64, 1>},
    {"mbarrier_orders_no_later_work", "race", run<[] {
       SIMT_SHARED(s, int[64]);
       MBARRIERS(64);
       simt::mbarrier_arrive(&full);
       s[threadIdx.x] = 1;
       simt::mbarrier_wait(&full, 0);
       if (threadIdx.x < 32) s[threadIdx.x + 32] = 2;
     }>},
    {"mbarrier_expects_bytes", "error: (phase 0, 0 of 1 arrivals pending, 512 bytes outstanding)", run<[] {
       MBARRIERS(1);
       if (threadIdx.x == 0) simt::mbarrier_arrive_expect_tx(&full, 512);
       else simt::mbarrier_wait(&full, 0);
     }>},
    {"mbarrier_missing_arrival", "error: 64 threads wait for parity 0 of the mbarrier", run<[] {
       MBARRIERS(65);
       simt::mbarrier_arrive(&full);
       simt::mbarrier_wait(&full, 0);
     }>},
    {"mbarrier_wrong_parity",
        "error: (phase 1, 64 of 64 arrivals pending, 0 bytes outstanding), the first is thread 7", run<[] {
          MBARRIERS(64);
          simt::mbarrier_arrive(&full);
          simt::mbarrier_wait(&full, 0);
          if (threadIdx.x == 7) simt::mbarrier_wait(&full, 1);
        }>},
    {"mbarrier_place", "error: shared address 0x18, byte 8 of an object of 24 (phase 0", run<[] {
       SIMT_SHARED(three, Barrier[3]);
       if (threadIdx.x != 0) return;
       simt::mbarrier_init(&three[1], 1);
       simt::mbarrier_wait(&three[1], 0);
     }>},
    {"mbarrier_two_phases_behind", "error: wait for parity 0 of the mbarrier",
        [] {
          simt::emu::schedule_seed = 0;  // thread 1 waits before thread 32 arrives
          launch(
              nullptr,
              +[] {
                MBARRIERS(1);
                if (threadIdx.x == 1) simt::mbarrier_wait(&full, 0);
                if (threadIdx.x == 32)
                  for (int phase = 0; phase < 2; ++phase) simt::mbarrier_arrive(&full);
              },
              1, 64);
        }},
    {"mbarrier_too_many_arrivals", "error: mbarrier_arrive: too many arrivals", run<[] {
       MBARRIERS(63);
       if (threadIdx.x == 0) simt::mbarrier_arrive_expect_tx(&full, 16);
       else simt::mbarrier_arrive(&full);
     }>},
    {"mbarrier_before_init", "error: mbarrier_init must come first", run<[] {
       SIMT_SHARED(full, Barrier);
       simt::mbarrier_wait(&full, 1);
     }>},
    {"mbarrier_init_without_a_barrier", "race",
        [] {
          launch(
              nullptr,
              +[] {
                SIMT_SHARED(full, Barrier);
                if (threadIdx.x == 0) simt::mbarrier_init(&full, 1);
                else simt::mbarrier_wait(&full, 1);
              },
              1, 64);
        }},
    {"mbarrier_init_twice", "error: mbarrier_inval must come first", run<[] {
       SIMT_SHARED(full, Barrier);
       simt::mbarrier_init(&full, 1);
     }>},
    {"mbarrier_init_after_inval", "fine", run<[] {
       MBARRIERS(64);
       simt::mbarrier_arrive(&full);
       simt::mbarrier_wait(&full, 0);
       __syncthreads();
       if (threadIdx.x == 0) {
         simt::mbarrier_inval(&full);
         simt::mbarrier_init(&full, 64);
       }
       __syncthreads();
       simt::mbarrier_arrive(&full);
       simt::mbarrier_wait(&full, 0);
     }>},
    {"mbarrier_inval_while_threads_wait", "error: mbarrier_inval: thread ", run<[] {
       MBARRIERS(1);
       if (threadIdx.x < 32) simt::mbarrier_wait(&full, 0);
       simt::bar_sync(1, 32);
       if (threadIdx.x == 32) simt::mbarrier_inval(&full);
     }>},
    {"mbarrier_of_no_arrivals", "error: mbarrier_init: 0 arrivals", run<[] { MBARRIERS(0); }>},
    {"mbarrier_in_local_memory", "error: an mbarrier is 8 bytes in shared memory", run<[] {
       Barrier full;
       simt::mbarrier_init(&full, 1);
     }>},
};

}  // namespace

std::span<const Case> barrier_cases() { return cases; }
