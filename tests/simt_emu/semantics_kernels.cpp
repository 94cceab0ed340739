// Semantics of one kernel: indices, collectives, barriers and shared memory, and misuses that must be
// reported.
#include <atomic>
#include <cmath>
#include <cstring>
#include <thread>
#include <vector>

#include <simt_emu/semantics.h>

namespace {

using simt::launch;

template <auto kernel, unsigned threads = 64, unsigned grid = 1>
void run() {
  launch(nullptr, +kernel, grid, threads);
}

void arguments() {
  auto* const out = memory<double>(4 * 64);
  launch(
      nullptr,
      +[](double* place, double scale, int64_t offset) {
        const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
        place[i] = scale * i + static_cast<double>(offset) + gridDim.x;
      },
      4, 64, out, 2, 10u);
  for (int i = 0; i < 4 * 64; ++i) EXPECT(out[i] == 2 * i + 10 + 4);
}

void shuffles() {
  auto* const out = memory<int>(5 * 32);
  launch(
      nullptr,
      +[](int* place) {
        const int lane = static_cast<int>(threadIdx.x);
        place[lane] = __shfl_sync(~0u, lane, 7);
        place[32 + lane] = __shfl_sync(~0u, lane, 9, 8);
        place[64 + lane] = __shfl_xor_sync(~0u, lane, 5);
        place[96 + lane] = __shfl_down_sync(~0u, lane, 3, 16);
        place[128 + lane] = __shfl_up_sync(~0u, lane, 2, 8);
      },
      1, 32, out);
  for (int lane = 0; lane < 32; ++lane) {
    EXPECT(out[lane] == 7);
    EXPECT(out[32 + lane] == lane / 8 * 8 + 1);
    EXPECT(out[64 + lane] == (lane ^ 5));
    EXPECT(out[96 + lane] == (lane % 16 + 3 < 16 ? lane + 3 : lane));
    EXPECT(out[128 + lane] == (lane % 8 >= 2 ? lane - 2 : lane));
  }
}

void shuffles_of_all_sizes() {
  launch(
      nullptr,
      +[] {
        const auto lane = static_cast<unsigned char>(threadIdx.x);
        EXPECT(__shfl_xor_sync(~0u, lane, 1) == (lane ^ 1));
        EXPECT(__shfl_xor_sync(~0u, lane + 0.5, 1) == (lane ^ 1) + 0.5);
        EXPECT(__shfl_xor_sync(~0u, float4{0, 0, 0, float(lane)}, 2).w == float(lane ^ 2));
      },
      2, 64);
}

void votes() {
  launch(
      nullptr,
      +[] {
        const unsigned lane = threadIdx.x % 32;
        EXPECT(__ballot_sync(~0u, lane < 4) == 15u);
        EXPECT(__any_sync(~0u, lane == 31) && !__any_sync(~0u, 0));
        EXPECT(__all_sync(~0u, 1) && !__all_sync(~0u, lane != 31));
        EXPECT(__popc(0xff0fu) == 12);
      },
      1, 64);
}

void half_warps_meet_apart() {
  launch(
      nullptr,
      +[] {
        const bool low = threadIdx.x < 16;
        for (int i = 0; i < 3; ++i) {
          const int got = low ? __shfl_xor_sync(0xffffu, 1, 1) : __shfl_xor_sync(0xffff0000u, 2, 1);
          EXPECT(got == (low ? 1 : 2));
        }
      },
      1, 32);
}

void atomics() {
  auto* const place = memory<unsigned>(4);
  auto* const wide = memory<unsigned long long>(1);
  launch(
      nullptr,
      +[](unsigned* p, unsigned long long* w) {
        atomicAdd(p, 1);
        atomicAdd(w, 1ull << 32);
        if (atomicCAS(p + 1, 0, threadIdx.x + 1) == 0) atomicExch(p + 2, threadIdx.x + 1);
        EXPECT(atomicMax(p + 3, 1000 + threadIdx.x) <= 1095);
      },
      4, 96, place, wide);
  EXPECT(place[0] == 4 * 96 && *wide == (4 * 96ull) << 32);
  EXPECT(place[1] != 0 && place[1] == place[2]);
  EXPECT(place[3] == 1095);
  EXPECT(__umulhi(0xffffffffu, 0xffffffffu) == 0xfffffffeu && __umul64hi(1ull << 63, 6) == 3);
}

void shared_memory_is_the_blocks_own() {
  auto* const out = memory(4 * 32);
  launch(
      nullptr,
      +[](float* place) {
        SIMT_SHARED(tile, float[32]);
        EXPECT(std::isnan(tile[threadIdx.x]));
        __syncthreads();
        tile[threadIdx.x] = float(blockIdx.x);
        __syncthreads();
        place[blockIdx.x * 32 + threadIdx.x] = tile[(threadIdx.x + 1) % 32];
      },
      4, 32, out);
  for (int i = 0; i < 4 * 32; ++i) EXPECT(out[i] == float(i / 32));
}

template <int N>
void one_object_each(int* out) {
  SIMT_SHARED(count, int[N]);
  if (threadIdx.x == 0) count[N - 1] = N;
  __syncthreads();
  if (threadIdx.x == N) *out += count[N - 1];
  __syncthreads();
}
void shared_objects_of_templates() {
  auto* const out = memory<int>(1);
  launch(
      nullptr,
      +[](int* place) {
        one_object_each<3>(place);
        one_object_each<4>(place);
        one_object_each<3>(place);
      },
      1, 32, out);
  EXPECT(*out == 10);
}

void seeds_shuffle() {
  std::vector<unsigned> orders[3];
  for (unsigned seed = 0; seed < 3; ++seed) {
    simt::emu::schedule_seed = seed;
    auto* const out = memory<unsigned>(1 + 4 * 64);
    launch(
        nullptr,
        +[](unsigned* place) { place[1 + atomicAdd(place, 1)] = blockIdx.x * blockDim.x + threadIdx.x; }, 4,
        64, out);
    orders[seed].assign(out + 1, out + 1 + 4 * 64);
  }
  for (unsigned i = 0; i < 4 * 64; ++i) EXPECT(orders[0][i] == i);
  EXPECT(orders[0] != orders[1] && orders[1] != orders[2]);
}

void host_threads_launch() {
  std::vector<std::thread> hosts;
  for (int host = 0; host < 4; ++host)
    hosts.emplace_back([] {
      auto* const out = memory(2 * 64);
      for (int i = 0; i < 20; ++i)
        launch(
            nullptr,
            +[](float* place) {
              SIMT_SHARED(tile, float[64]);
              tile[threadIdx.x] = 1;
              __syncthreads();
              place[blockIdx.x * 64 + threadIdx.x] += tile[63 - threadIdx.x];
            },
            2, 64, out);
      for (int i = 0; i < 2 * 64; ++i) EXPECT(out[i] == 20);
    });
  for (std::thread& host : hosts) host.join();
}

void a_launch_after_an_error() {
  for (int i = 0; i < 3; ++i) {
    try {
      launch(
          nullptr,
          +[] {
            if (threadIdx.x % 2) __ballot_sync(~0u, 1);
            if (threadIdx.x < 40) __syncthreads();
          },
          2, 64);
      EXPECT(!"an error");
    } catch (const simt::emu::Error&) {}
    shared_memory_is_the_blocks_own();
    shuffles();
  }
}

/// A copy is there when its group was waited for, and not before.
void asynchronous_copies() {
  auto* const in = memory<float>(4 * 64);
  for (int i = 0; i < 4 * 64; ++i) in[i] = static_cast<float>(i);
  launch(
      nullptr,
      +[](const float* from) {
        SIMT_SHARED(tile, float[3][4 * 64]);
        const unsigned i = 4 * threadIdx.x;
        simt::copy_async<16>(&tile[0][i], from + i);
        simt::commit_copies();
        simt::copy_async<4>(&tile[1][i], from + i);
        simt::copy_async<16>(&tile[2][i], nullptr, false);
        simt::commit_copies();
        EXPECT(tile[0][i] != tile[0][i]);
        simt::wait_for_copies<1>();
        EXPECT(tile[0][i + 3] == static_cast<float>(i + 3) && tile[1][i] != tile[1][i]);
        simt::wait_for_copies<0>();
        EXPECT(
            tile[1][i] == static_cast<float>(i) && tile[1][i + 1] != tile[1][i + 1] && tile[2][i + 3] == 0);
      },
      1, 64, in);
}

/// Memory that a launch asks for may exceed 48 KiB, but not 227.
void shared_memory_of_a_launch() {
  using Large = char[100 * 1024];
  simt::launch_with_shared(
      sizeof(Large), nullptr,
      +[] {
        SIMT_SHARED_AT_LAUNCH(large, Large);
        large[sizeof(Large) - 1 - threadIdx.x] = 1;
      },
      1, 64);
  for (const std::size_t bytes : {227 * 1024, 227 * 1024 + 1})
    EXPECT((simt::launch_with_shared(
                bytes, nullptr, +[] {}, 1, 1) == cudaSuccess) == (bytes == 227 * 1024));
  EXPECT(cudaGetLastError() == cudaErrorInvalidValue);
}

const Case cases[] = {
    {"arguments", "fine", arguments},
    {"shuffles", "fine", shuffles},
    {"shuffles_of_all_sizes", "fine", shuffles_of_all_sizes},
    {"votes", "fine", votes},
    {"half_warps_meet_apart", "fine", half_warps_meet_apart},
    {"atomics", "fine", atomics},
    {"shared_memory_is_the_blocks_own", "fine", shared_memory_is_the_blocks_own},
    {"shared_objects_of_templates", "fine", shared_objects_of_templates},
    {"asynchronous_copies", "fine", asynchronous_copies},
    {"shared_memory_of_a_launch", "fine", shared_memory_of_a_launch},
    {"seeds_shuffle", "fine", seeds_shuffle},
    {"host_threads_launch", "fine", host_threads_launch},
    {"a_launch_after_an_error", "fine", a_launch_after_an_error},

    {"barrier_in_a_branch", "error: 32 threads wait for __syncthreads at semantics_kernels.cpp", run<[] {
       if (threadIdx.x < 32) __syncthreads();
     }>},
    {"barrier_after_early_return", "error: 16 threads have returned", run<[] {
       if (threadIdx.x >= 48) return;
       __syncthreads();
     }>},
    {"two_barriers_in_branches", "error: divergent __syncthreads", run<[] {
       if (threadIdx.x < 32) __syncthreads();
       else __syncthreads();
     }>},
    {"shuffle_in_a_branch", "error: (mask ffffffff, arrived 0000ffff)", run<[] {
       if (threadIdx.x < 16) __shfl_xor_sync(~0u, 1, 1);
     }>},
    {"a_mask_larger_than_the_block", "error: deadlock in block 0", run<[] { __ballot_sync(~0u, 1); }, 48>},
    {"a_lane_outside_its_mask", "error: the calling lane is not in the mask",
        run<[] { __ballot_sync(0xffffu, 1); }>},
    {"a_shuffle_from_outside_its_mask", "error: a shuffle reads a lane outside its mask", run<[] {
       if (threadIdx.x < 16) __shfl_sync(0xffffu, 1, 20);
     }>},
    {"different_collectives_meet", "error: of another lane at", run<[] {
       if (threadIdx.x < 16) __ballot_sync(~0u, 1);
       else __shfl_sync(~0u, 1, 0);
     }>},
    {"too_much_shared_memory", "error: more than 48 KiB", run<[] {
       SIMT_SHARED(most, char[48 * 1024]);
       SIMT_SHARED(more, char);
       most[0] = more;
     }>},
    {"more_shared_memory_than_the_launch_asked_for", "error: more shared memory than the launch", run<[] {
       SIMT_SHARED_AT_LAUNCH(some, float);
       some = 1;
     }>},
    {"too_many_threads", "error: a block of 1025 threads", run<[] {}, 1025>},
    {"no_blocks", "error: a grid of 0 blocks", run<[] {}, 32, 0>},

    {"past_the_end_of_shared_memory", "asan: heap-buffer-overflow", run<[] {
       SIMT_SHARED(tile, float[64]);
       float* const all = tile;
       all[threadIdx.x + 1] = 1;
     }>},
    {"a_misaligned_vector", "asan: misaligned address", run<[] {
       SIMT_SHARED(tile, float[300]);
       reinterpret_cast<float4*>(tile + 1)[threadIdx.x] = float4{1, 2, 3, 4};
     }>},
};

}  // namespace

std::span<const Case> kernel_cases() { return cases; }
