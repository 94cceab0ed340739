// Brings an operand of a tiled product from global to shared memory by asynchronous copies, as it lies there:
// nothing passes through registers, and an operand along k is not transposed on the way. Instead its packs are
// four values of k, and the product takes four at a time (pipeline.cuh).
#pragma once
#include <tenon/kernels/cuda/pack.cuh>

namespace tenon::kernels::cuda {

using Quad = Pack<float, 4>;

/// A thread's part in copying the lines (rows of A or columns of B) that a block needs, BK values of k per
/// step. Along: neighbours in memory lie along k, otherwise they belong to different lines. With Vec, they are
/// copied four at a time, which lie all inside the matrix or all outside.
template <int Lines, int BK, int Threads, bool Along, bool Vec>
struct Feed {
  static constexpr int unit = Vec ? 4 : 1, neighbours = (Along ? BK : Lines) / unit;
  /// The thread copies a unit in each pass over [Lines, BK]; passes are `apart` lines (Along) or values of k.
  static constexpr int passes = Lines * BK / unit / Threads, apart = Threads / neighbours;
  static_assert(Threads % neighbours == 0 && passes >= 1 && BK % 4 == 0 && (!Along || apart % 4 == 0));

  /// [Lines, BK] if Along, with a pack of padding after every four lines, so that eight lanes that read every
  /// fourth line use all banks; otherwise [BK, Lines].
  struct Stage {
    alignas(16) float at[Lines * BK + (Along ? Lines : 0)];

    /// Four packs, of four lines from `line`, which is a multiple of 4, and four values of k from k.
    __device__ static constexpr int place(int line, int k) {
      return Along ? line * BK + line / 4 * 4 + k : k * Lines + line;
    }
  };

  const float* from;
  std::int64_t k_step, pass_step;
  int line, k;           // of the first pass
  std::int64_t existing;  // the number of lines from `line` on that exist

  __device__ Feed(const float* p, std::int64_t along_lines, std::int64_t along_k, std::int64_t first,
      std::int64_t lines, std::int64_t begin) {
    const int thread = static_cast<int>(threadIdx.x);
    line = Along ? thread / neighbours : thread % neighbours * unit;
    k = Along ? thread % neighbours * unit : thread / neighbours;
    if (Along && Vec) along_k = 1;
    k_step = BK * along_k;
    pass_step = apart * (Along ? along_lines : along_k);
    from = p + (first + line) * along_lines + (begin + k) * along_k;
    existing = lines - first - line;
  }

  /// Where the thread's part of a stage begins.
  __device__ float* place(Stage& to) const { return to.at + Stage::place(line, k); }

  /// Begins to copy the next step, all of which exists.
  __device__ void fetch(float* to) {
#pragma unroll
    for (int q = 0; q < passes; ++q) simt::copy_async<4 * unit>(to + q * pass_place, from + q * pass_step);
    from += k_step;
  }
  /// Begins to copy the next step, of which `left` values of k exist; what does not exist becomes +0. The loop
  /// is a loop so that the compiler jumps around it, rather than to issue and ignore it in every step.
  __device__ void fetch_part(float* to, std::int64_t left) {
#pragma unroll 1
    for (int q = 0; q < passes; ++q) {
      const bool there = (Along ? q * apart : 0) < existing && k + (Along ? 0 : q * apart) < left;
      simt::copy_async<4 * unit>(to + q * pass_place, from + q * pass_step, there);
    }
    from += k_step;
  }

 private:
  static constexpr int pass_place = Along ? Stage::place(apart, 0) : Stage::place(0, apart);
};

/// Four lines by four values of k of an operand, in registers.
template <class Stage, int Lines, int BK, bool Along>
struct Square {
  Quad packs[4];

  /// Loads packs [first, end).
  __device__ void load(const float* from, int first, int end) {
#pragma unroll
    for (int c = first; c < end; ++c) packs[c] = *reinterpret_cast<const Quad*>(from + c * (Along ? BK : Lines));
  }
  __device__ float at(int line, int k) const { return Along ? packs[line].v[k] : packs[k].v[line]; }
};

}  // namespace tenon::kernels::cuda
