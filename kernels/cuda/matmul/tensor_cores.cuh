// Matrix product of float32 on Hopper's tensor cores, which multiply bfloat16 (kernels/arith/split.h). With
// three pieces per number it is about as precise as the order CHAIN, with one it has bfloat16's 8 bits.
//
// Two launches of `split_operand` write the bfloat16 pieces of A and of B, whatever their strides, as tiles
// that are copied to shared memory as they are: [128 lines, 64 of k] per piece, K-major and swizzled, zero
// where the operand ends. A line is a row of A or a column of B.
//
// In `matmul_tensor_cores` a block computes 128 x 128 of C. One thread asks the copy engine for step after
// step of k; two warpgroups, [64, 128] of C each, multiply those that have come. `full` and `empty` are
// mbarriers that hand each stage of shared memory back and forth:
//
//   copying thread        wait(empty)    copies, which count themselves in at full
//   two warpgroups        wait(full)     wgmma, wait for it    arrive(empty), once per warp
//
// A multiplying thread keeps 64 sums each of `main`, `correction` and `total`, which needs more registers
// than 384 threads can have; the copying warpgroup leaves it most of its own.
#pragma once
#include <tenon/kernels/arith/split.h>
#include <tenon/kernels/cuda/matmul/raster.h>
#include <tenon/kernels/cuda/hopper/barrier.cuh>
#include <tenon/kernels/cuda/hopper/copy.cuh>
#include <tenon/kernels/cuda/hopper/registers.cuh>
#include <tenon/kernels/cuda/hopper/wgmma.cuh>
#include <tenon/kernels/cuda/matmul/product.cuh>
#include <tenon/kernels/cuda/pack.cuh>

namespace tenon::kernels::cuda {

inline constexpr int tile_lines = 128, tile_depth = 64;
TENON_HOST_DEVICE constexpr unsigned tiles_in(std::int64_t size, int per_tile) {
  return static_cast<unsigned>((size + per_tile - 1) / per_tile);
}
/// A row of a tile, 128 bytes, is permuted as a whole.
inline constexpr Swizzle tile_swizzle = Swizzle::bytes128;

/// The pieces of one step of an operand.
template <int Pieces>
struct alignas(1024) PieceTiles {
  std::uint16_t piece[Pieces][tile_lines * tile_depth];
};

inline constexpr int split_threads = 256;

/// to[item, line tile, step] of operand 0, A, or 1, B; a block per tile.
template <int Pieces>
__global__ void __launch_bounds__(split_threads)
    split_operand(const __grid_constant__ Product<float> p, int operand, PieceTiles<Pieces>* to) {
  const float* from = operand ? p.b : p.a;
  const std::int64_t lines = operand ? p.n : p.m, line_step = operand ? p.b_col : p.a_row,
                     k_step = operand ? p.b_row : p.a_col;
  const unsigned steps = tiles_in(p.k, tile_depth), line_tiles = tiles_in(lines, tile_lines);
  const unsigned step = blockIdx.x % steps, tile = blockIdx.x / steps % line_tiles;
  if (p.batch > 1) {
    std::int64_t offset[2];
    p.items.at(blockIdx.x / steps / line_tiles, offset);
    from += operand ? offset[1] : offset[0];
  }
  constexpr int W = pack_width<std::uint16_t>, packs = tile_depth / W;
  const bool along_lines = line_step < k_step;  // neighbouring threads read neighbours in memory
  for (int i = static_cast<int>(threadIdx.x); i < tile_lines * packs; i += split_threads) {
    const int row = along_lines ? i % tile_lines : i / packs,
              column = (along_lines ? i / tile_lines : i % packs) * W;
    const std::int64_t line = std::int64_t{tile} * tile_lines + row,
                       k = std::int64_t{step} * tile_depth + column;
    Pack<std::uint16_t, W> pieces[3];
#pragma unroll
    for (int c = 0; c < W; ++c) {
      const bool exists = line < lines && k + c < p.k;
      const arith::Pieces x = arith::split(exists ? from[line * line_step + (k + c) * k_step] : 0.0f);
      pieces[0].v[c] = x.hi, pieces[1].v[c] = x.mid, pieces[2].v[c] = x.lo;
    }
    const unsigned at = swizzled(tile_swizzle, static_cast<unsigned>(row * tile_depth + column) * 2) / 2;
#pragma unroll
    for (int piece = 0; piece < Pieces; ++piece)
      *reinterpret_cast<Pack<std::uint16_t, W>*>(to[blockIdx.x].piece[piece] + at) = pieces[piece];
  }
}

/// The operands of a batch of products, in pieces.
template <int Pieces>
struct InPieces {
  const PieceTiles<Pieces>*a, *b;  // [items or 1, line tiles, steps]
  std::int64_t a_item, b_item;     // tiles per product; 0 if all share the operand
};

/// What a block keeps in shared memory. With three pieces a stage has 96 KiB.
template <int Pieces>
struct Stages {
  static constexpr unsigned count = 6 / Pieces;
  struct {
    PieceTiles<Pieces> a, b;
  } of[count];
  std::uint64_t full[count], empty[count];  // mbarriers
};

inline constexpr int multiplying_threads = 256, tensor_core_threads = multiplying_threads + 128;

template <int Pieces>
__global__ void __launch_bounds__(tensor_core_threads, 1) matmul_tensor_cores(
    const __grid_constant__ Product<float> p, const __grid_constant__ InPieces<Pieces> in) {
  using Ring = Stages<Pieces>;
  SIMT_SHARED_AT_LAUNCH(ring, Ring);
  const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
  if (threadIdx.x == 0) {
    for (unsigned s = 0; s < Ring::count; ++s) {
      simt::mbarrier_init(&ring.full[s], 1);
      simt::mbarrier_init(&ring.empty[s], multiplying_threads / 32);
    }
    simt::fence_proxy_async();
  }
  __syncthreads();
  const unsigned down = tiles_in(p.m, tile_lines), across = tiles_in(p.n, tile_lines),
                 steps = tiles_in(p.k, tile_depth);
  const unsigned item = blockIdx.x / (down * across), number = blockIdx.x % (down * across);
  const TileIndex tile = tile_in_raster(number, down, across);

  if (warp >= multiplying_threads / 32) {
    simt::leave_registers<40>();
    if (threadIdx.x > multiplying_threads) return;
    const PieceTiles<Pieces>* const a = in.a + item * in.a_item + std::int64_t{tile.row} * steps;
    const PieceTiles<Pieces>* const b = in.b + item * in.b_item + std::int64_t{tile.column} * steps;
    for (unsigned step = 0; step < steps; ++step) {
      const unsigned stage = step % Ring::count, round = step / Ring::count;
      simt::mbarrier_wait(&ring.empty[stage], round % 2 ^ 1);
      simt::mbarrier_arrive_expect_tx(&ring.full[stage], 2 * sizeof *a);
      simt::bulk_copy(&ring.of[stage].a, a + step, sizeof *a, &ring.full[stage]);
      simt::bulk_copy(&ring.of[stage].b, b + step, sizeof *b, &ring.full[stage]);
    }
    return;
  }

  simt::take_registers<232>();
  constexpr int N = tile_lines, sums = N / 2;
  float main[sums], correction[sums], total[sums];
#pragma unroll
  for (int i = 0; i < sums; ++i) total[i] = correction[i] = 0;
  for (unsigned step = 0; step < steps; ++step) {
    constexpr unsigned chunk = arith::split_chunk / tile_depth;  // steps that main adds up
    const unsigned stage = step % Ring::count, round = step / Ring::count;
    simt::mbarrier_wait(&ring.full[stage], round % 2);
    simt::wgmma_fence(main);
    simt::wgmma_fence(correction);
    const auto& tiles = ring.of[stage];
#pragma unroll
    for (int k = 0; k < tile_depth; k += 16) {
      const auto operand = [&](const PieceTiles<Pieces>& of, int piece, int line) {
        const std::uint32_t at = simt::shared_address(&of.piece[piece][line * tile_depth + k]);
        return matrix_descriptor(at, 0, 8 * tile_depth * sizeof(std::uint16_t), tile_swizzle);
      };
      const auto a = [&](int piece) { return operand(tiles.a, piece, warp / 4 * 64); };
      const auto b = [&](int piece) { return operand(tiles.b, piece, 0); };
      simt::wgmma<N>(main, a(0), b(0), step % chunk > 0 || k > 0);
      if constexpr (Pieces == 3) {
        simt::wgmma<N>(correction, a(0), b(2));
        simt::wgmma<N>(correction, a(1), b(1));
        simt::wgmma<N>(correction, a(2), b(0));
        simt::wgmma<N>(correction, a(0), b(1));
        simt::wgmma<N>(correction, a(1), b(0));
      }
    }
    simt::wgmma_commit();
    simt::wgmma_wait<0>(main, correction);
    __syncwarp();  // all lanes have waited
    if (lane == 0) simt::mbarrier_arrive(&ring.empty[stage]);
    if (step % chunk == chunk - 1 || step + 1 == steps)
#pragma unroll
      for (int i = 0; i < sums; ++i) total[i] = total[i] + main[i];
  }

  const Place first = accumulator_place(static_cast<int>(threadIdx.x) % 128, 0);
  const std::int64_t row = std::int64_t{tile.row} * tile_lines + warp / 4 * 64 + first.row,
                     column = std::int64_t{tile.column} * tile_lines + first.column;
  float* const c = p.c + (item * p.m + row) * p.n + column;
#pragma unroll
  for (int i = 0; i < sums; ++i) {
    const Place to = accumulator_place(0, i);  // from the thread's first sum
    if (row + to.row >= p.m || column + to.column >= p.n) continue;
    const float sum = arith::split_sum(total[i], correction[i]);
    c[to.row * p.n + to.column] = p.bias ? sum + p.bias[column + to.column] : sum;
  }
}

}  // namespace tenon::kernels::cuda
