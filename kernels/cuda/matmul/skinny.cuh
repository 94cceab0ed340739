// Matrix product with few rows or few columns. The other operand is read once, which takes longer than the
// arithmetic; a tile (tiles.cuh) would be mostly empty.
#pragma once
#include <tenon/kernels/arith/math.h>
#include <tenon/kernels/cuda/matmul/product.cuh>
#include <tenon/kernels/cuda/ticket.cuh>

namespace tenon::kernels::cuda {

/// C(line, s) = sum over q of wide(line, q) thin(q, s), s < few: the lines are C's columns if C has few rows,
/// and its rows if it has few columns. For each operand, how far apart neighbours are along its two
/// dimensions.
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
  std::int64_t sets;   // of values of s, each of which has its own blocks
  std::int64_t split;  // blocks that share 128 lines and a set, one per chunk of k; or 1
  T* parts;            // [batch, split, few, lines]
  unsigned* tickets;
  unsigned batch;
  bool flat;  // C has few rows: the wide operand is B, the second one of `items`
  Offsets<2> items;
};

inline constexpr int skinny_lines = 128;
/// The values of s that a thread computes.
template <class T>
inline constexpr int skinny_set = 32 / static_cast<int>(sizeof(T));

/// A chunk of the thin operand, [k, S].
template <class T>
struct Thin {
  static constexpr int W = pack_width<T>, S = skinny_set<T>, rows = chain_chunk;
  Pack<T, W> v[rows][S / W];

  __device__ T at(int q, int s) const { return v[q][s / W].v[s % W]; }

  /// Reads n rows; the others, and columns from `few` on, become 0.
  __device__ void fill(const Skinny<T>& p, const T* from, int n, int few) {
#pragma unroll
    for (int i = 0; i < rows; i += skinny_lines) {
      const int row = i + static_cast<int>(threadIdx.x);
      const T* const at = from + (row < n ? row : 0) * p.thin_k;
      Pack<T, W> values[S / W];
#pragma unroll
      for (int s = 0; s < S; ++s) {
        const T value = at[s < few ? s * p.thin_s : 0];
        values[s / W].v[s % W] = row < n && s < few ? value : T(0);
      }
#pragma unroll
      for (int s = 0; s < S / W; ++s) v[row][s] = values[s];
    }
  }
};

/// One line per thread. Along: neighbours in memory belong to the same line; with Vec 16 bytes of a line are
/// read at a time, otherwise one element.
template <class T, bool Along, bool Vec>
__global__ void __launch_bounds__(skinny_lines) matmul_skinny(const __grid_constant__ Skinny<T> p) {
  // Values of k: two steps of `depth` are on their way, 128 bytes of each line.
  constexpr int depth = 128 / static_cast<int>(sizeof(T)), both = 2 * depth;
  constexpr int W = pack_width<T>, packs = depth / W, S = skinny_set<T>;
  static_assert(chain_chunk % both == 0 && (Along || !Vec));
  struct Line {
    alignas(16) T v[depth + W];  // padded, so that 16 bytes of 8 neighbouring lines lie in different banks
  };
  using Lines = Line[Along ? skinny_lines : 1];
  SIMT_SHARED(thin, Thin<T>);
  SIMT_SHARED(tile, Lines);  // each warp has its own 32 lines
  const int lane = static_cast<int>(threadIdx.x) % 32, first = static_cast<int>(threadIdx.x) - lane;
  const unsigned sets = static_cast<unsigned>(p.sets), split = static_cast<unsigned>(p.split);
  // The sets of the same lines are neighbours, so that the second finds the lines in the L2 cache.
  const unsigned set = blockIdx.x % sets, part = blockIdx.x / sets % split,
                 group_of_all = blockIdx.x / sets / split;
  unsigned group = group_of_all, item = 0;
  const T *wide = p.wide, *thin_from = p.thin;
  if (p.batch > 1) {
    const unsigned groups = static_cast<unsigned>((p.lines + skinny_lines - 1) / skinny_lines);
    item = group / groups;
    group %= groups;
    std::int64_t offset[2];
    p.items.at(item, offset);
    wide += p.flat ? offset[1] : offset[0];
    thin_from += p.flat ? offset[0] : offset[1];
  }
  const std::int64_t s0 = std::int64_t{set} * S, line0 = std::int64_t{group} * skinny_lines + first;
  const int few = static_cast<int>(p.few - s0 < S ? p.few - s0 : S);
  // Threads past the last line read that one, and do not store.
  const auto line_at = [&](std::int64_t l) { return wide + (l < p.lines ? l : p.lines - 1) * p.wide_line; };

  const T* from[Along ? packs : 1];
#pragma unroll
  for (int i = 0; i < (Along ? packs : 1); ++i)  // along lines, lanes that are neighbours read the same line
    from[i] =
        Along ? line_at(line0 + i * (32 / packs) + lane / packs) + lane % packs * W : line_at(line0 + lane);
  Pack<T, W> x[2][packs];
  const auto fetch = [&](Pack<T, W>(&to)[packs], std::int64_t q) {
    if constexpr (Along) {
#pragma unroll
      for (int i = 0; i < packs; ++i) to[i] = *reinterpret_cast<const Pack<T, W>*>(from[i] + q);
    } else {
      std::int64_t at = q * p.wide_k;
#pragma unroll
      for (int i = 0; i < depth; ++i, at += p.wide_k) to[i / W].v[i % W] = from[0][at];
    }
    simt::compiler_fence();  // keeps the loads here, ahead of the arithmetic
  };
  T acc[S], sum[S];
#pragma unroll
  for (int s = 0; s < S; ++s) sum[s] = T(0);
  const auto multiply = [&](int q, T value) {  // q counts from the start of the chunk
#pragma unroll
    for (int s = 0; s < S; ++s) acc[s] = num::fma(value, thin.at(q, s), acc[s]);
  };
  const auto use = [&](const Pack<T, W>(&of)[packs], int q) {
    if constexpr (Along) {  // through shared memory, from the lanes that read a line to the one that needs it
#pragma unroll
      for (int i = 0; i < packs; ++i) {
        T* const to = tile[first + i * (32 / packs) + lane / packs].v + lane % packs * W;
        *reinterpret_cast<Pack<T, W>*>(to) = of[i];
      }
      __syncwarp();
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
#pragma unroll 4  // all of them would need more registers than there are
#else
#pragma unroll
#endif
      for (int i = 0; i < packs; ++i) {
        const auto pack = *reinterpret_cast<const Pack<T, W>*>(tile[threadIdx.x].v + i * W);
#pragma unroll
        for (int c = 0; c < W; ++c) multiply(q + i * W + c, pack.v[c]);
      }
      __syncwarp();
    } else {
#pragma unroll
      for (int i = 0; i < depth; ++i) multiply(q + i, of[i / W].v[i % W]);
    }
  };

  const std::int64_t begin = std::int64_t{part} * chain_chunk, end = split > 1 ? begin + chain_chunk : p.k;
  for (std::int64_t q0 = begin; q0 < end && q0 < p.k; q0 += chain_chunk) {
    const int n = static_cast<int>(p.k - q0 < chain_chunk ? p.k - q0 : chain_chunk);
    const bool by_steps = (!Along || Vec) && n >= both;
    if (by_steps) {
      fetch(x[0], q0);
      fetch(x[1], q0 + depth);
    }
    if (q0 > begin) __syncthreads();  // before the staged values are replaced
    thin.fill(p, thin_from + q0 * p.thin_k + s0 * p.thin_s, n, few);
    __syncthreads();
#pragma unroll
    for (int s = 0; s < S; ++s) acc[s] = T(0);
    int q = 0;
    if (by_steps) {
      for (; q + 2 * both <= n; q += both) {
        use(x[0], q);
        fetch(x[0], q0 + q + both);
        use(x[1], q + depth);
        fetch(x[1], q0 + q + both + depth);
      }
      use(x[0], q);
      use(x[1], q + depth);
      q += both;
    }
    if constexpr (Along) {
      for (; q < n; q += depth) {  // past the end both operands are 0, which changes no sum
#pragma unroll 8
        for (int l = 0; l < 32; ++l)
          if (lane < depth)
            tile[first + l].v[lane] = q + lane < n ? line_at(line0 + l)[(q0 + q + lane) * p.wide_k] : T(0);
        __syncwarp();
#pragma unroll 4
        for (int i = 0; i < depth; ++i) multiply(q + i, tile[threadIdx.x].v[i]);
        __syncwarp();
      }
    } else {
#pragma unroll 4
      for (; q < n; ++q) multiply(q, from[0][(q0 + q) * p.wide_k]);
    }
#pragma unroll
    for (int s = 0; s < S; ++s) sum[s] = sum[s] + acc[s];
  }

  const std::int64_t line = line0 + lane;
  T* const parts = p.parts + item * p.split * p.few * p.lines;
  const auto store = [&](std::int64_t s, T v) {
    T* const c = p.c + item * p.lines * p.few;
    c[line * p.c_line + s * p.c_s] = p.bias ? v + p.bias[line * p.bias_line + s * p.bias_s] : v;
  };
#pragma unroll
  for (int s = 0; s < S; ++s) {
    if (line >= p.lines || s >= few) continue;
    if (split > 1) parts[(part * p.few + s0 + s) * p.lines + line] = sum[s];
    else store(s0 + s, sum[s]);
  }
  if (split == 1 || !is_last_block(p.tickets + group_of_all * sets + set, split) || line >= p.lines) return;
  for (std::int64_t s = s0; s < s0 + few; ++s) {  // the chunks, in the order of k
    T t = T(0);
#pragma unroll 8
    for (std::int64_t z = 0; z < p.split; ++z) t = t + __ldcg(parts + (z * p.few + s) * p.lines + line);
    store(s, t);
  }
}

}  // namespace tenon::kernels::cuda
