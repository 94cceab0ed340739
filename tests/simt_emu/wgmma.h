// Hopper's wgmma and its fences for the emulator, as kernels/cuda/hopper/wgmma.cuh describes them. Threads
// read their operands when they wait, each for its own elements and in code that the sanitizers see.
#pragma once
#include <cstdint>

#include <simt_emu/tensor_core.h>

namespace simt::emu {

/// What all threads of a warpgroup must agree on: D[64, n] = A B, plus D if `add`.
struct Wgmma {
  int n;
  std::uint64_t a, b;  // descriptors
  bool a_transposed, b_transposed, add;

  bool operator==(const Wgmma&) const = default;
};
std::uint32_t shared_address(const void* object, CallSite at);
/// The element [row, k] of a bfloat16 operand.
const std::uint16_t* operand(std::uint64_t descriptor, bool transposed, int row, int k);
void fence_proxy_async();
void wgmma_fence(float* d, int count, CallSite at);
void wgmma_begin(const Wgmma& what, float* d, CallSite at);
void wgmma_commit();
/// The oldest multiplication that a wait with `pending` must wait for, and its sums; null if there is none.
float* wgmma_next(int pending, Wgmma& what);
/// Moves the sums of the accumulators that are not in flight any longer to d.
void wgmma_deliver(float* d, CallSite at);
void wgmma_waited(CallSite at);

inline float float_of(std::uint16_t bfloat16) {
  return __builtin_bit_cast(float, static_cast<std::uint32_t>(bfloat16) << 16);
}
/// This thread's elements of one multiplication.
inline void wgmma_compute(const Wgmma& what, float* sums) {
  const int thread = static_cast<int>(self->thread.x % 128);
  const int first_row = thread / 32 * 16 + thread % 32 / 4;
  float a[2][16];
  for (int k = 0; k < 16; ++k)
    for (int half : {0, 1})
      a[half][k] = float_of(*operand(what.a, what.a_transposed, first_row + 8 * half, k));
  for (int pair = 0; pair < what.n / 4; ++pair) {
    const int column = pair / 2 * 8 + thread % 4 * 2 + pair % 2;
    double products[2][16];
    for (int k = 0; k < 16; ++k) {
      const double b = float_of(*operand(what.b, what.b_transposed, column, k));
      for (int half : {0, 1}) products[half][k] = a[half][k] * b;
    }
    for (int half : {0, 1}) {
      float& sum = sums[pair / 2 * 4 + half * 2 + pair % 2];
      sum = tensor_core_sum(what.add ? double{sum} : 0.0, products[half]);
    }
  }
}

/// All groups but the last `pending`.
inline void wgmma_finish(int pending, CallSite at) {
  leave(meet(~0u, "wgmma.wait_group", {}, at));
  Wgmma what;
  while (float* const sums = wgmma_next(pending, what)) wgmma_compute(what, sums);
}

}  // namespace simt::emu

namespace simt {

inline std::uint32_t shared_address(const void* object, SIMT_HERE) { return emu::shared_address(object, at); }
inline void fence_proxy_async() { emu::fence_proxy_async(); }

template <int Count>
void wgmma_fence(float (&d)[Count], SIMT_HERE) {
  emu::leave(emu::meet(~0u, "wgmma.fence", {}, at));
  emu::wgmma_fence(d, Count, at);
}
template <int N, bool ATransposed = false, bool BTransposed = false>
void wgmma(float (&d)[N / 2], std::uint64_t a, std::uint64_t b, bool add = true, SIMT_HERE) {
  static_assert(N == 64 || N == 128 || N == 256);
  emu::wgmma_begin({N, a, b, ATransposed, BTransposed, add}, d, at);
}
inline void wgmma_commit(SIMT_HERE) {
  emu::leave(emu::meet(~0u, "wgmma.commit_group", {}, at));
  emu::wgmma_commit();
}
template <int Pending, int Count>
void wgmma_wait(float (&d)[Count], SIMT_HERE) {
  emu::wgmma_finish(Pending, at);
  emu::wgmma_deliver(d, at);
  emu::wgmma_waited(at);
}
template <int Pending, int Count>
void wgmma_wait(float (&d)[Count], float (&e)[Count], SIMT_HERE) {
  emu::wgmma_finish(Pending, at);
  emu::wgmma_deliver(d, at);
  emu::wgmma_deliver(e, at);
  emu::wgmma_waited(at);
}

template <int Count>
void take_registers() {}
template <int Count>
void leave_registers() {}

}  // namespace simt
