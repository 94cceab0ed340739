// Semantics of wgmma: layouts and descriptors, and misuses that must be reported.
#include <cmath>
#include <cstdint>

#include <simt_emu/semantics.h>
#include <tenon/kernels/cuda/hopper/wgmma.cuh>

namespace {

using simt::launch;
using namespace tenon::kernels::cuda;

template <auto kernel, unsigned threads = 128>
void run() {
  launch(nullptr, +kernel, 1, threads);
}

// Small integers, whose products and sums are exact, also in bfloat16.
int a_value(int row, int k) { return (row * 7 + k * 3) % 11 - 5; }
int b_value(int column, int k) { return (column * 5 + k * 2) % 13 - 6; }
std::uint16_t bfloat16(int small) {
  return static_cast<std::uint16_t>(__builtin_bit_cast(std::uint32_t, static_cast<float>(small)) >> 16);
}
int product(int row, int column, int k_end) {
  int sum = 0;
  for (int k = 0; k < k_end; ++k) sum += a_value(row, k) * b_value(column, k);
  return sum;
}

template <int Rows>
struct alignas(1024) Operand {
  std::uint16_t data[Rows * 64];
};

/// Where [row, k] of an operand of [rows, 16 steps] lies, in bytes, when it is stored unit after unit.
int offset(Swizzle swizzle, bool transposed, int rows, int row, int k) {
  const int bytes = static_cast<int>(row_bytes(swizzle)), along = bytes / 2;
  if (transposed)  // units [k / 8][row / along]
    return (k / 8 * (rows / along) + row / along) * 8 * bytes + k % 8 * bytes + row % along * 2;
  return (k / along * (rows / 8) + row / 8) * 8 * bytes + row % 8 * bytes + k % along * 2;
}
std::uint64_t descriptor(Swizzle swizzle, bool transposed, int rows, std::uint32_t start, int k) {
  const int bytes = static_cast<int>(row_bytes(swizzle)), along = bytes / 2;
  const auto unit = static_cast<unsigned>(8 * bytes);
  start += static_cast<std::uint32_t>(offset(swizzle, transposed, rows, 0, k));
  const unsigned units = static_cast<unsigned>(transposed ? rows / along : rows / 8);
  if (!transposed) return matrix_descriptor(start, units * unit, unit, swizzle);
  return swizzle == Swizzle::none ? matrix_descriptor(start, units * unit, unit, swizzle)
                                  : matrix_descriptor(start, unit, units * unit, swizzle);
}

template <int Rows>
void fill(Operand<Rows>& operand, Swizzle swizzle, bool transposed, int steps, int (*value)(int, int)) {
  for (int i = static_cast<int>(threadIdx.x); i < Rows * 16 * steps; i += static_cast<int>(blockDim.x)) {
    const int row = i / (16 * steps), k = i % (16 * steps);
    const auto at = static_cast<unsigned>(offset(swizzle, transposed, Rows, row, k));
    operand.data[swizzled(swizzle, at) / 2] = bfloat16(value(row, k));
  }
}
template <int N>
void expect_product(const float (&d)[N / 2], int k_end) {
  for (int i = 0; i < N / 2; ++i) {
    const Place place = accumulator_place(static_cast<int>(threadIdx.x % 128), i);
    EXPECT(d[i] == static_cast<float>(product(place.row, place.column, k_end)));
  }
}

template <int N, Swizzle ASwizzle, bool ATransposed, Swizzle BSwizzle, bool BTransposed>
void multiply() {
  run<[] {
    constexpr int steps = 4;
    SIMT_SHARED(a, Operand<64>);
    SIMT_SHARED(b, Operand<N>);
    fill(a, ASwizzle, ATransposed, steps, a_value);
    fill(b, BSwizzle, BTransposed, steps, b_value);
    simt::fence_proxy_async();
    __syncthreads();
    float d[N / 2];
    for (float& x : d) x = NAN;
    simt::wgmma_fence(d);
    for (int step = 0; step < steps; ++step)
      simt::wgmma<N, ATransposed, BTransposed>(d,
          descriptor(ASwizzle, ATransposed, 64, simt::shared_address(&a), 16 * step),
          descriptor(BSwizzle, BTransposed, N, simt::shared_address(&b), 16 * step), step > 0);
    simt::wgmma_commit();
    simt::wgmma_wait<0>(d);
    expect_product<N>(d, 16 * steps);
  }>();
}

void layouts() {
  using enum Swizzle;
  multiply<64, none, false, none, false>();
  multiply<64, bytes32, false, bytes64, false>();
  multiply<64, bytes128, false, bytes128, false>();
  multiply<128, bytes64, false, bytes128, false>();
  multiply<64, none, true, none, true>();
  multiply<64, bytes32, true, bytes64, true>();
  multiply<64, bytes128, true, bytes128, true>();
  multiply<128, bytes128, false, bytes128, true>();
  multiply<128, bytes64, true, bytes32, true>();
  multiply<256, bytes128, false, bytes128, false>();
  multiply<256, bytes128, true, bytes128, true>();
  multiply<256, none, false, bytes32, true>();
}

/// One batch of a kernel, in parts that the cases leave out or spoil.
struct Tiles {
  Operand<64>& a;
  Operand<64>& b;
  void fill_both() const {
    fill(a, Swizzle::bytes128, false, 4, a_value);
    fill(b, Swizzle::bytes128, false, 4, b_value);
  }
  std::uint64_t a_at(int step) const {
    return descriptor(Swizzle::bytes128, false, 64, simt::shared_address(&a), 16 * step);
  }
  std::uint64_t b_at(int step) const {
    return descriptor(Swizzle::bytes128, false, 64, simt::shared_address(&b), 16 * step);
  }
};
#define TILES                               \
  SIMT_SHARED(a, Operand<64>);              \
  SIMT_SHARED(b, Operand<64>);              \
  [[maybe_unused]] const Tiles tiles{a, b}; \
  float d[32] = {}
#define FILLED               \
  TILES;                     \
  tiles.fill_both();         \
  simt::fence_proxy_async(); \
  __syncthreads()

constexpr Case cases[] = {
    {"wgmma_layouts", "fine", layouts},
    {"wgmma_two_groups_in_flight", "fine", run<[] {
       FILLED;
       float e[32] = {};
       simt::wgmma_fence(d);
       simt::wgmma_fence(e);
       simt::wgmma<64>(d, tiles.a_at(0), tiles.b_at(0));
       simt::wgmma_commit();
       simt::wgmma<64>(e, tiles.a_at(0), tiles.b_at(0));
       simt::wgmma<64>(e, tiles.a_at(1), tiles.b_at(1));
       simt::wgmma_commit();
       simt::wgmma_wait<1>(d);
       expect_product<64>(d, 16);
       EXPECT(std::isnan(e[0]) && std::isnan(e[31]));
       simt::wgmma_wait<0>(e);
       expect_product<64>(e, 32);
     }>},
    {"wgmma_two_warpgroups", "fine",
        run<[] {
          FILLED;
          simt::wgmma_fence(d);
          const int step = static_cast<int>(threadIdx.x / 128);
          simt::wgmma<64>(d, tiles.a_at(step), tiles.b_at(step), false);
          simt::wgmma_commit();
          simt::wgmma_wait<0>(d);
          if (step == 0) expect_product<64>(d, 16);
        },
            256>},
    {"wgmma_results_before_the_wait_are_nan", "fine", run<[] {
       FILLED;
       simt::wgmma_fence(d);
       simt::wgmma<64>(d, tiles.a_at(0), tiles.b_at(0));
       for (const float x : d) EXPECT(std::isnan(x));
       simt::wgmma_commit();
       simt::wgmma_wait<1>(d);
       for (const float x : d) EXPECT(std::isnan(x));
     }>},
    {"wgmma_not_committed", "fine", run<[] {
       FILLED;
       simt::wgmma_fence(d);
       simt::wgmma<64>(d, tiles.a_at(0), tiles.b_at(0));
       simt::wgmma_wait<0>(d);
       for (const float x : d) EXPECT(std::isnan(x));
     }>},
    {"wgmma_reads_what_nobody_wrote", "fine", run<[] {
       TILES;
       simt::fence_proxy_async();
       __syncthreads();
       simt::wgmma_fence(d);
       simt::wgmma<64>(d, tiles.a_at(0), tiles.b_at(0));
       simt::wgmma_commit();
       simt::wgmma_wait<0>(d);
       for (const float x : d) EXPECT(std::isnan(x));
     }>},
    {"wgmma_without_fence", "error: wgmma without wgmma_fence", run<[] {
       FILLED;
       simt::wgmma<64>(d, tiles.a_at(0), tiles.b_at(0));
     }>},
    {"wgmma_without_a_second_fence", "error: wgmma without wgmma_fence", run<[] {
       FILLED;
       simt::wgmma_fence(d);
       for (int step = 0; step < 2; ++step) {
         simt::wgmma<64>(d, tiles.a_at(step), tiles.b_at(step));
         simt::wgmma_commit();
         simt::wgmma_wait<0>(d);
       }
     }>},
    {"wgmma_registers_written_after_the_fence", "error: its registers were written after wgmma_fence",
        run<[] {
          FILLED;
          simt::wgmma_fence(d);
          d[5] = 1;
          simt::wgmma<64>(d, tiles.a_at(0), tiles.b_at(0));
        }>},
    {"wgmma_registers_written_in_flight", "error: registers of a wgmma in flight were written", run<[] {
       FILLED;
       simt::wgmma_fence(d);
       simt::wgmma<64>(d, tiles.a_at(0), tiles.b_at(0));
       d[5] = 1;
       simt::wgmma_commit();
       simt::wgmma_wait<0>(d);
     }>},
    {"wgmma_wait_for_other_registers", "error: does not name the registers", run<[] {
       FILLED;
       float e[32] = {};
       simt::wgmma_fence(d);
       simt::wgmma<64>(d, tiles.a_at(0), tiles.b_at(0));
       simt::wgmma_commit();
       simt::wgmma_wait<0>(e);
     }>},
    {"wgmma_without_a_proxy_fence", "error: written after the last fence.proxy.async", run<[] {
       TILES;
       tiles.fill_both();
       __syncthreads();
       simt::wgmma_fence(d);
       simt::wgmma<64>(d, tiles.a_at(0), tiles.b_at(0));
     }>},
    {"wgmma_store_after_the_proxy_fence", "error: written after the last fence.proxy.async", run<[] {
       FILLED;
       if (threadIdx.x == 9) a.data[0] = bfloat16(99);
       __syncthreads();
       simt::wgmma_fence(d);
       simt::wgmma<64>(d, tiles.a_at(0), tiles.b_at(0));
     }>},
    {"wgmma_tile_overwritten_before_the_barrier", "race", run<[] {
       FILLED;
       simt::wgmma_fence(d);
       simt::wgmma<64>(d, tiles.a_at(0), tiles.b_at(0));
       simt::wgmma_commit();
       simt::wgmma_wait<0>(d);
       a.data[threadIdx.x] = 0;  // another warp may not have waited yet
     }>},
    {"wgmma_different_descriptors", "error: wgmma differs from that of another thread", run<[] {
       FILLED;
       simt::wgmma_fence(d);
       simt::wgmma<64>(d, tiles.a_at(threadIdx.x < 64 ? 0 : 1), tiles.b_at(0));
     }>},
    {"wgmma_by_three_warps", "error: 96 threads wait for wgmma.mma_async", run<[] {
       FILLED;
       if (threadIdx.x >= 96) return;
       simt::wgmma_fence(d);
       simt::wgmma<64>(d, tiles.a_at(0), tiles.b_at(0));
     }>},
    {"wgmma_in_a_small_block", "error: a warpgroup has 128 threads",
        run<[] {
          FILLED;
          simt::wgmma_fence(d);
          simt::wgmma<64>(d, tiles.a_at(0), tiles.b_at(0));
        },
            64>},
    {"wgmma_fence_in_a_branch", "error: 64 threads wait for wgmma.fence", run<[] {
       TILES;
       if (threadIdx.x % 2 == 0) simt::wgmma_fence(d);
     }>},
    {"wgmma_beyond_shared_memory", "error: where there is no object", run<[] {
       FILLED;
       simt::wgmma_fence(d);
       simt::wgmma<64>(
           d, matrix_descriptor(simt::shared_address(&a), 0, 8192, Swizzle::bytes128), tiles.b_at(0));
     }>},
    {"wgmma_address_of_a_local_variable", "error: not an object in shared memory", run<[] {
       float x = 0;
       simt::shared_address(&x);
     }>},
};

}  // namespace

std::span<const Case> wgmma_cases() { return cases; }
