// Hopper's asynchronous matrix multiply-accumulate (PTX wgmma, sm_90a): the 128 threads of a warpgroup, four
// consecutive warps of which the first is a multiple of four, compute D[64, N] += A[64, 16] B[16, N]. A and B
// are bfloat16 in shared memory, D is float32 in the threads' registers. One batch is:
//
//   simt::fence_proxy_async();      each thread that wrote A or B by ordinary stores, before the barrier
//   __syncthreads();
//   simt::wgmma_fence(d);           the registers of d are ready
//   simt::wgmma<N>(d, a, b);        any number of them
//   simt::wgmma_commit();           they are a group
//   simt::wgmma_wait<0>(d);         all groups but the last 0 are done; only now may d be read or written
//
// The emulator has the same functions (tests/simt_emu/wgmma.h).
#pragma once
#include <cstdint>

#include <tenon/kernels/arith/host_device.h>
#include <tenon/kernels/cuda/simt.h>
#include <tenon/kernels/cuda/hopper/shared.cuh>

namespace tenon::kernels::cuda {

/// Which element of D[64, N] a thread of the warpgroup (0 to 127) holds in d[i], for i < N / 2. Each warp has
/// 16 rows, each group of four lanes two of them, 8 apart.
struct Place {
  int row, column;
};
TENON_HOST_DEVICE constexpr Place accumulator_place(int thread, int i) {
  return {thread / 32 * 16 + thread % 32 / 4 + i / 2 % 2 * 8, i / 4 * 8 + thread % 4 * 2 + i % 2};
}

/// The matrix descriptor of an operand at `start`, a shared address and a multiple of 16 (PTX ISA, "Matrix
/// Descriptor Format"): addresses and offsets in units of 16 bytes, `leading` from bit 16, `stride` from bit
/// 32, the swizzle mode from bit 62. The unit of an operand is eight rows of row_bytes(swizzle) one after
/// another. What a row is, and what the offsets in bytes between units are:
///
///   K-major: a row is one m (or n), along k. `stride`: to the next 8 of m. `leading`: to the next 8 of k
///     without swizzle; not used otherwise, as a row has all 16 of k. The next 16 start 32 bytes further.
///   MN-major: a row is one k, along m (or n). Without swizzle, `stride`: to the next 8 of m; `leading`: to
///     the next 8 of k. Otherwise, `leading`: to the next row_bytes / 2 of m; `stride`: to the next 8 of k.
TENON_HOST_DEVICE constexpr std::uint64_t matrix_descriptor(
    std::uint32_t start, unsigned leading, unsigned stride, Swizzle swizzle) {
  const auto field = [](unsigned bytes) { return std::uint64_t{(bytes & 0x3ffffu) >> 4}; };
  return field(start) | field(leading) << 16 | field(stride) << 32 |
         static_cast<std::uint64_t>(swizzle) << 62;
}

}  // namespace tenon::kernels::cuda

#if defined(__CUDACC__)
namespace simt {

// wgmma exists for sm_90a only; code for other targets must not get here.
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define SIMT_WGMMA(...) asm volatile(__VA_ARGS__)
#else
#define SIMT_WGMMA(...) __trap()
#endif

/// Keeps the compiler from moving accesses of the registers past it.
template <int Count>
__device__ inline void keep_in_place(float (&d)[Count]) {
#pragma unroll
  for (int i = 0; i < Count; ++i) asm volatile("" : "+f"(d[i])::"memory");
}

template <int Count>
__device__ inline void wgmma_fence(float (&d)[Count]) {
  keep_in_place(d);
  SIMT_WGMMA("wgmma.fence.sync.aligned;" ::: "memory");
}
__device__ inline void wgmma_commit() { SIMT_WGMMA("wgmma.commit_group.sync.aligned;" ::: "memory"); }
/// Names the registers that it makes available.
template <int Pending, int Count>
__device__ inline void wgmma_wait(float (&d)[Count]) {
  SIMT_WGMMA("wgmma.wait_group.sync.aligned %0;" ::"n"(Pending) : "memory");
  keep_in_place(d);
}
template <int Pending, int Count>
__device__ inline void wgmma_wait(float (&d)[Count], float (&e)[Count]) {
  wgmma_wait<Pending>(d);
  keep_in_place(e);
}

// The registers of d, and their names %0, %1, ... in the text of an instruction, ten at a time.
#define SIMT_D4(i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#define SIMT_D32(i)                                                                              \
  SIMT_D4(i), SIMT_D4(i + 4), SIMT_D4(i + 8), SIMT_D4(i + 12), SIMT_D4(i + 16), SIMT_D4(i + 20), \
      SIMT_D4(i + 24), SIMT_D4(i + 28)
#define SIMT_TEN(t) \
  "%" #t "0,%" #t "1,%" #t "2,%" #t "3,%" #t "4,%" #t "5,%" #t "6,%" #t "7,%" #t "8,%" #t "9,"
#define SIMT_SIXTY SIMT_TEN() SIMT_TEN(1) SIMT_TEN(2) SIMT_TEN(3) SIMT_TEN(4) SIMT_TEN(5)
/// `names`: of the registers of d. The numbers are those of the operands that follow them.
#define SIMT_MULTIPLY(shape, names, at_a, at_b, at_add, at_ta, at_tb, ...)                           \
  SIMT_WGMMA("{\n.reg .pred add;\nsetp.ne.b32 add, %" #at_add                                        \
             ", 0;\n"                                                                                \
             "wgmma.mma_async.sync.aligned." shape ".f32.bf16.bf16 {" names "}, %" #at_a ", %" #at_b \
             ", add, 1, 1, %" #at_ta ", %" #at_tb ";\n}\n"                                           \
             : __VA_ARGS__                                                                           \
             : "l"(a), "l"(b), "r"(int{add}), "n"(int{ATransposed}), "n"(int{BTransposed})           \
             : "memory")

/// d[64, N] = A B, plus d if `add`. `a` and `b` are descriptors; ATransposed and BTransposed are for operands
/// that are MN-major. N = 256 takes 128 registers of each thread for d alone.
template <int N, bool ATransposed = false, bool BTransposed = false>
__device__ inline void wgmma(float (&d)[N / 2], std::uint64_t a, std::uint64_t b, bool add = true) {
  static_assert(N == 64 || N == 128 || N == 256);
  if constexpr (N == 64)
    SIMT_MULTIPLY("m64n64k16", SIMT_TEN() SIMT_TEN(1) SIMT_TEN(2) "%30,%31", 32, 33, 34, 35, 36, SIMT_D32(0));
  else if constexpr (N == 128)
    SIMT_MULTIPLY("m64n128k16", SIMT_SIXTY "%60,%61,%62,%63", 64, 65, 66, 67, 68, SIMT_D32(0), SIMT_D32(32));
  else
    SIMT_MULTIPLY("m64n256k16",
        SIMT_SIXTY SIMT_TEN(6) SIMT_TEN(7) SIMT_TEN(8) SIMT_TEN(9) SIMT_TEN(10)
            SIMT_TEN(11) "%120,%121,%122,%123,%124,%125,%126,%127",
        128, 129, 130, 131, 132, SIMT_D32(0), SIMT_D32(32), SIMT_D32(64), SIMT_D32(96));
}
#undef SIMT_D4
#undef SIMT_D32
#undef SIMT_TEN
#undef SIMT_SIXTY
#undef SIMT_MULTIPLY
#undef SIMT_WGMMA

}  // namespace simt
#endif
