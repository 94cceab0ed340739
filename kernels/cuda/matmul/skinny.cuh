// Matrix product with few rows or few columns. The other operand is read once, which takes longer than the
// arithmetic; a tile (tiles.cuh) would be mostly empty.
#pragma once
#include <tenon/kernels/arith/math.h>
#include <tenon/kernels/cuda/matmul/product.cuh>
#include <tenon/kernels/cuda/pack.cuh>
#include <tenon/kernels/cuda/ticket.cuh>

namespace tenon::kernels::cuda {

/// C(line, s) = sum over q of wide(line, q) thin(q, s), s < few: the lines are C's columns if C has few rows,
/// and its rows if it has few columns. For each operand, how far apart neighbours are along its two dimensions.
template <class T>
struct Skinny {
  std::int64_t lines, k, few;
  const T* wide;
  std::int64_t wide_line, wide_k;
  const T* thin;
  std::int64_t thin_k, thin_s;
  T* c;
  std::int64_t c_line, c_s;
  const T* bias;  // or null
  std::int64_t bias_line, bias_s;
  std::int64_t split;  // blocks that share 128 lines, one per chunk of k; or 1
  T* parts;            // [split, few, lines]
  unsigned* tickets;
};

inline constexpr int skinny_lines = 128, skinny_bytes = 128;

/// L lines per thread. S: `few` rounded up. Along: neighbours in memory belong to the same line; with Vec 16 bytes
/// of a line are read at a time, otherwise one element.
template <class T, int S, int L, bool Along, bool Vec>
__global__ void __launch_bounds__(skinny_lines / L) matmul_skinny(const __grid_constant__ Skinny<T> p) {
  constexpr int W = pack_width<T>, size = static_cast<int>(sizeof(T)), threads = skinny_lines / L;
  // Values of k: two steps of `depth` are in flight, 128 bytes of each line.
  constexpr int depth = skinny_bytes / size, step = 2 * depth, packs = depth / W;
  // The thin operand is staged in shared memory, at most 16 KiB at a time.
  constexpr int most = 16384 / (S * size), staged = most < chain_chunk ? most : static_cast<int>(chain_chunk);
  static_assert(staged % step == 0);
  struct Line {
    alignas(16) T v[depth + W];  // padded, so that 16 bytes of 8 neighbouring lines lie in different banks
  };
  using Thin = Pack<T, W>[staged][S / W];
  using Lines = Line[Along ? skinny_lines : 1];
  SIMT_SHARED(thin, Thin);
  SIMT_SHARED(tile, Lines);
  const int few = static_cast<int>(p.few);
  const int lane = static_cast<int>(threadIdx.x) % 32, first = (static_cast<int>(threadIdx.x) - lane) * L;
  const unsigned split = static_cast<unsigned>(p.split), group = blockIdx.x / split, part = blockIdx.x % split;
  const std::int64_t line0 = std::int64_t{group} * skinny_lines + first;  // of this warp, which has 32 L lines
  // Lines past the end read the last one instead, and are not stored.
  const auto clamped = [&](std::int64_t l) { return l < p.lines ? l : p.lines - 1; };

  Pack<T, W> x[2][L * packs];  // two steps on their way
  const T* from[Along ? L * packs : L];
  if constexpr (Along) {
#pragma unroll
    for (int i = 0; i < L * packs; ++i)  // lanes that are neighbours read a line
      from[i] = p.wide + clamped(line0 + i * (32 / packs) + lane / packs) * p.wide_line + lane % packs * W;
  } else {
#pragma unroll
    for (int l = 0; l < L; ++l) from[l] = p.wide + clamped(line0 + 32 * l + lane) * p.wide_line;
  }
  const auto fetch = [&](Pack<T, W>(&to)[L * packs], std::int64_t q) {
    if constexpr (Along) {
#pragma unroll
      for (int i = 0; i < L * packs; ++i) to[i] = *reinterpret_cast<const Pack<T, W>*>(from[i] + q);
    } else {
      std::int64_t at = q * p.wide_k;
#pragma unroll
      for (int i = 0; i < depth; ++i) {
#pragma unroll
        for (int l = 0; l < L; ++l) to[l * packs + i / W].v[i % W] = from[l][at];
        at += p.wide_k;
      }
    }
    simt::compiler_fence();  // keeps the loads here, ahead of the arithmetic
  };
  T acc[L][S], sum[L][S];
#pragma unroll
  for (int l = 0; l < L; ++l)
#pragma unroll
    for (int s = 0; s < S; ++s) sum[l][s] = T(0);
  const auto multiply = [&](int l, int q, T value) {  // q counts from the staged values of k
#pragma unroll
    for (int s = 0; s < S; ++s) acc[l][s] = num::fma(value, thin[q][s / W].v[s % W], acc[l][s]);
  };
  const auto use = [&](const Pack<T, W>(&of)[L * packs], int q) {
    if constexpr (Along) {
#pragma unroll
      for (int i = 0; i < L * packs; ++i)
        *reinterpret_cast<Pack<T, W>*>(&tile[first + i * (32 / packs) + lane / packs].v[lane % packs * W]) =
            of[i];
      __syncwarp();
#pragma unroll
      for (int i = 0; i < packs; ++i) {
        Pack<T, W> pack[L];
#pragma unroll
        for (int l = 0; l < L; ++l)
          pack[l] = *reinterpret_cast<const Pack<T, W>*>(&tile[first + 32 * l + lane].v[i * W]);
#pragma unroll
        for (int c = 0; c < W; ++c)
#pragma unroll
          for (int l = 0; l < L; ++l) multiply(l, q + i * W + c, pack[l].v[c]);
      }
      __syncwarp();
    } else {
#pragma unroll
      for (int i = 0; i < depth; ++i)
#pragma unroll
        for (int l = 0; l < L; ++l) multiply(l, q + i, of[l * packs + i / W].v[i % W]);
    }
  };

  const std::int64_t begin = std::int64_t{part} * chain_chunk, end = split > 1 ? begin + chain_chunk : p.k;
  for (std::int64_t c0 = begin; c0 < end && c0 < p.k; c0 += chain_chunk) {
    const std::int64_t stop = c0 + chain_chunk < p.k ? c0 + chain_chunk : p.k;
#pragma unroll
    for (int l = 0; l < L; ++l)
#pragma unroll
      for (int s = 0; s < S; ++s) acc[l][s] = T(0);
    for (std::int64_t q0 = c0; q0 < stop; q0 += staged) {
      const int n = static_cast<int>(stop - q0 < staged ? stop - q0 : staged);
      const bool by_steps = (!Along || Vec) && n >= step;
      if (by_steps) {
        fetch(x[0], q0);
        fetch(x[1], q0 + depth);
      }
      if (q0 > begin) __syncthreads();  // before the staged values are replaced
#pragma unroll
      for (int i = 0; i < staged; i += threads) {
        const int row = i + static_cast<int>(threadIdx.x);
        const T* const at = p.thin + (q0 + (row < n ? row : 0)) * p.thin_k;
        Pack<T, W> values[S / W];
#pragma unroll
        for (int s = 0; s < S; ++s) {
          const T v = at[s < few ? s * p.thin_s : 0];
          values[s / W].v[s % W] = row < n && s < few ? v : T(0);
        }
#pragma unroll
        for (int s = 0; s < S / W; ++s) thin[row][s] = values[s];
      }
      __syncthreads();
      int q = 0;
      if (by_steps) {
        for (; q + 2 * step <= n; q += step) {
          use(x[0], q);
          fetch(x[0], q0 + q + step);
          use(x[1], q + depth);
          fetch(x[1], q0 + q + step + depth);
        }
        use(x[0], q);
        use(x[1], q + depth);
        q += step;
      }
      if constexpr (Along) {
        for (; q < n; q += depth) {  // past the end both operands are 0, which changes no sum
#pragma unroll 8
          for (int l = 0; l < 32 * L; ++l) {
            const T* const at = p.wide + clamped(line0 + l) * p.wide_line + (q0 + q) * p.wide_k;
            if (lane < depth) tile[first + l].v[lane] = q + lane < n ? at[lane * p.wide_k] : T(0);
          }
          __syncwarp();
#pragma unroll 4
          for (int i = 0; i < depth; ++i)
#pragma unroll
            for (int l = 0; l < L; ++l) multiply(l, q + i, tile[first + 32 * l + lane].v[i]);
          __syncwarp();
        }
      } else {
#pragma unroll 4
        for (; q < n; ++q)
#pragma unroll
          for (int l = 0; l < L; ++l) multiply(l, q, from[l][(q0 + q) * p.wide_k]);
      }
    }
#pragma unroll
    for (int l = 0; l < L; ++l)
#pragma unroll
      for (int s = 0; s < S; ++s) sum[l][s] = sum[l][s] + acc[l][s];
  }
  const auto store = [&](std::int64_t line, int s, T v) {
    p.c[line * p.c_line + s * p.c_s] = p.bias ? v + p.bias[line * p.bias_line + s * p.bias_s] : v;
  };
#pragma unroll
  for (int l = 0; l < L; ++l) {
    const std::int64_t line = line0 + 32 * l + lane;
#pragma unroll
    for (int s = 0; s < S; ++s) {
      if (line >= p.lines || s >= few) continue;
      if (split > 1) p.parts[(std::int64_t{part} * few + s) * p.lines + line] = sum[l][s];
      else store(line, s, sum[l][s]);
    }
  }
  if (split == 1 || !is_last_block(p.tickets + group, split)) return;
  for (int l = 0; l < L; ++l) {
    const std::int64_t line = line0 + 32 * l + lane;
    if (line >= p.lines) continue;
    for (int s = 0; s < few; ++s) {  // the chunks, in the order of k
      T t = T(0);
#pragma unroll 8
      for (std::int64_t z = 0; z < p.split; ++z) t = t + __ldcg(p.parts + (z * few + s) * p.lines + line);
      store(line, s, t);
    }
  }
}

}  // namespace tenon::kernels::cuda
