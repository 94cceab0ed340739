// Races that ThreadSanitizer must report, and synchronisation that it must accept.
#include <simt_emu/semantics.h>

namespace {

using Kernel = void (*)(float*);

unsigned next() { return (threadIdx.x + 1) % blockDim.x; }

/// Runs with each of three schedules.
template <Kernel kernel, unsigned grid, unsigned threads>
void run() {
  float* const out = memory(4096);
  for (unsigned seed = 0; seed < 3; ++seed) {
    simt::emu::schedule_seed = seed;
    simt::launch(nullptr, kernel, grid, threads, out);
  }
}

void barrier_orders(float* out) {
  SIMT_SHARED(s, float[128]);
  s[threadIdx.x] = 1;
  __syncthreads();
  out[threadIdx.x] = s[next()];
}
void no_barrier(float* out) {
  SIMT_SHARED(s, float[128]);
  s[threadIdx.x] = 1;
  out[threadIdx.x] = s[next()];
}
template <bool second>
void barriers_in_a_loop(float* out) {
  SIMT_SHARED(s, float[128]);
  for (int k = 0; k < 3; ++k) {
    s[threadIdx.x] = float(k);
    __syncthreads();
    out[threadIdx.x] += s[next()];
    if (second) __syncthreads();
  }
}
template <bool second>
void syncwarps_in_a_loop(float* out) {
  SIMT_SHARED(s, float[64]);
  const unsigned other = threadIdx.x / 32 * 32 + (threadIdx.x + 1) % 32;
  for (int k = 0; k < 6; ++k) {
    s[threadIdx.x] = 1;
    __syncwarp();
    out[threadIdx.x] = s[other];
    if (second) __syncwarp();
  }
}
void syncwarp_is_not_syncthreads(float* out) {
  SIMT_SHARED(s, float[64]);
  s[threadIdx.x] = 1;
  __syncwarp();
  out[threadIdx.x] = s[next()];
}
void shuffle_orders_nothing(float* out) {
  SIMT_SHARED(s, float[32]);
  s[threadIdx.x] = 1;
  __shfl_xor_sync(~0u, 1, 1);
  out[threadIdx.x] = s[next()];
}
void fence_is_not_a_barrier(float* out) {
  SIMT_SHARED(s, float[64]);
  __threadfence();
  s[threadIdx.x] = 1;
  out[threadIdx.x] = s[next()];
}

void blocks_write_one_place(float* out) {
  if (threadIdx.x == 0) *out = float(blockIdx.x);
}
void blocks_write_one_place_after_barriers(float* out) {
  SIMT_SHARED(s, float[64]);
  for (int k = 0; k < 3; ++k) s[threadIdx.x] = 1, __syncthreads();
  if (threadIdx.x == blockIdx.x) *out = s[0];
}
void blocks_add_atomically(float* out) { atomicAdd(reinterpret_cast<unsigned*>(out), 1); }
void blocks_mix_atomic_and_plain(float* out) {
  auto* const count = reinterpret_cast<unsigned*>(out);
  if (threadIdx.x == 0) {
    if (blockIdx.x == 0) atomicAdd(count, 1);
    else *count += 1;
  }
}

/// The last block to finish adds up the partials of all blocks. out: a ticket, the sum, then one partial per
/// thread.
template <bool fences_after_writing, bool takes_tickets, bool fences_before_reading>
void last_block_adds_up(float* out) {
  SIMT_SHARED(last, bool);
  auto* const ticket = reinterpret_cast<unsigned*>(out);
  float* const partials = out + 2;
  partials[blockIdx.x * blockDim.x + threadIdx.x] = 1;
  if (fences_after_writing) __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    if (takes_tickets) last = atomicAdd(ticket, 1) == gridDim.x - 1;
    else last = blockIdx.x == gridDim.x - 1;
  }
  __syncthreads();
  if (!last) return;
  if (fences_before_reading) __threadfence();
  if (threadIdx.x != 0) return;
  float sum = 0;
  for (unsigned i = 0; i < gridDim.x * blockDim.x; ++i) sum += partials[i];
  out[1] = sum;
  *ticket = 0;
}
/// The same, with one thread executing the fences between the barriers.
template <bool fences_before_the_ticket, bool fences_after_it>
void one_thread_fences(float* out) {
  SIMT_SHARED(last, bool);
  auto* const ticket = reinterpret_cast<unsigned*>(out);
  float* const partials = out + 2;
  partials[blockIdx.x * blockDim.x + threadIdx.x] = 1;
  __syncthreads();
  if (threadIdx.x == 0) {
    if (fences_before_the_ticket) __threadfence();
    last = atomicAdd(ticket, 1) == gridDim.x - 1;
    if (fences_after_it) __threadfence();
  }
  __syncthreads();
  if (!last) return;
  float sum = 0;
  for (unsigned i = 0; i < gridDim.x * blockDim.x; ++i) sum += partials[i];
  if (threadIdx.x == 0) out[1] = sum, *ticket = 0;
}

template <Kernel kernel>
void add_up() {
  float* const out = memory(2 + 6 * 64);
  for (unsigned seed = 0; seed < 3; ++seed) {
    simt::emu::schedule_seed = seed;
    out[1] = 0;
    simt::launch(nullptr, kernel, 6, 64, out);
    EXPECT(out[1] == 6 * 64);
    EXPECT(reinterpret_cast<unsigned&>(*out) == 0);
  }
}

/// The host, a launch and the next launch are ordered.
void launches_are_in_order() {
  float* const out = memory(64);
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 64; ++j) out[j] += 1;
    simt::launch(
        nullptr, +[](float* place) { place[threadIdx.x] += 1; }, 1, 64, out);
    simt::launch(
        nullptr, +[](float* place) { place[63 - threadIdx.x] += 1; }, 1, 64, out);
  }
  for (int j = 0; j < 64; ++j) EXPECT(out[j] == 9);
}

const Case cases[] = {
    {"barrier_orders", "fine", run<barrier_orders, 1, 128>},
    {"no_barrier", "race", run<no_barrier, 1, 128>},
    {"barriers_in_a_loop", "fine", run<barriers_in_a_loop<true>, 1, 128>},
    {"no_second_barrier", "race", run<barriers_in_a_loop<false>, 1, 128>},
    {"syncwarps_in_a_loop", "fine", run<syncwarps_in_a_loop<true>, 1, 64>},
    {"no_second_syncwarp", "race", run<syncwarps_in_a_loop<false>, 1, 64>},
    {"no_syncwarp", "race", run<no_barrier, 1, 32>},
    {"syncwarp_is_not_syncthreads", "race", run<syncwarp_is_not_syncthreads, 1, 64>},
    {"shuffle_orders_nothing", "race", run<shuffle_orders_nothing, 1, 32>},
    {"fence_is_not_a_barrier", "race", run<fence_is_not_a_barrier, 1, 64>},
    {"blocks_write_one_place", "race", run<blocks_write_one_place, 2, 32>},
    {"blocks_write_one_place_after_barriers", "race", run<blocks_write_one_place_after_barriers, 4, 64>},
    {"blocks_add_atomically", "fine", run<blocks_add_atomically, 4, 32>},
    {"blocks_mix_atomic_and_plain", "race", run<blocks_mix_atomic_and_plain, 2, 32>},
    {"last_block_adds_up", "fine", add_up<last_block_adds_up<true, true, true>>},
    {"last_block_with_one_threads_fences", "fine", add_up<one_thread_fences<true, true>>},
    {"last_block_without_the_threads_first_fence", "race", add_up<one_thread_fences<false, true>>},
    {"last_block_without_the_threads_second_fence", "race", add_up<one_thread_fences<true, false>>},
    {"last_block_without_fences", "race", add_up<last_block_adds_up<false, true, false>>},
    {"last_block_without_the_first_fence", "race", add_up<last_block_adds_up<false, true, true>>},
    {"last_block_without_the_second_fence", "race", add_up<last_block_adds_up<true, true, false>>},
    {"last_block_without_a_ticket", "race", run<last_block_adds_up<true, false, true>, 6, 64>},
    {"launches_are_in_order", "fine", launches_are_in_order},
};

}  // namespace

std::span<const Case> race_cases() { return cases; }
