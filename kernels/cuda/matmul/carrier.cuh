// Moves an operand of a tiled product from global to shared memory.
#pragma once
#include <tenon/kernels/cuda/pack.cuh>

namespace tenon::kernels::cuda {

/// Moves the lines of one operand (rows of A or columns of B) that a block needs into its tile in shared
/// memory, [BK, Lines + W]; one pack of padding per row spreads a column over the banks. Each thread moves
/// `Packs` packs per step. Across: neighbours in memory belong to different lines, as in the tile; otherwise
/// they lie along k. With Vec, neighbours are adjacent, lines are multiples of W apart, and every line is
/// aligned.
template <class T, int Lines, int BK, int Threads, int Packs, bool Across, bool Vec>
struct Carrier {
  static constexpr int W = pack_width<T>;
  using Stage = T[BK][Lines + W];

  const T* from[Packs];  // where the next step is read
  int inside[Packs];     // how many lines of a pack exist; the last one stands in for the others
  std::int64_t line_step, deep_step;
  Pack<T, W> packs[Packs];

  /// The position in the tile of pack q of this thread.
  __device__ static int line(int q) {
    const int at = q * Threads + static_cast<int>(threadIdx.x);
    return Across ? at % (Lines / W) * W : at / (BK / W);
  }
  __device__ static int deep(int q) {
    const int at = q * Threads + static_cast<int>(threadIdx.x);
    return Across ? at / (Lines / W) : at % (BK / W) * W;
  }

  /// Lines past the end read the last line instead; their results are not stored.
  __device__ Carrier(const T* p, std::int64_t along_lines, std::int64_t along_k, std::int64_t first,
      std::int64_t lines, std::int64_t begin)
      : line_step(Vec && Across ? 1 : along_lines), deep_step(Vec && !Across ? 1 : along_k) {
    constexpr int together = Across && Vec ? W : 1;  // lines that are read at once
#pragma unroll
    for (int q = 0; q < Packs; ++q) {
      const std::int64_t last = lines - together, want = first + line(q), at = want < last ? want : last;
      from[q] = p + at * line_step + (begin + deep(q)) * deep_step;
      inside[q] = lines - at < W ? static_cast<int>(lines - at) : W;
    }
  }

  /// Reads a step that lies within k into registers.
  __device__ void fetch() {
#pragma unroll
    for (int q = 0; q < Packs; ++q) {
      packs[q] = load<true>(q);
      from[q] += BK * deep_step;
    }
  }

  /// Writes the fetched step to shared memory.
  __device__ void put(Stage& to) const {
#pragma unroll
    for (int q = 0; q < Packs; ++q) put(to, q, packs[q]);
  }

  /// Copies the last step, of which `left` values of k exist, and fills the rest with +0. It does not use
  /// `packs`: with two places that write them, register moves in the loop would wait for the loads.
  __device__ void bring(Stage& to, int left) const {
#pragma unroll
    for (int q = 0; q < Packs; ++q) put(to, q, load<false>(q, left));
  }

 private:
  template <bool Whole>
  __device__ Pack<T, W> load(int q, int left = BK) const {
    if constexpr (Vec)
      if (Whole || left - deep(q) >= (Across ? 1 : W)) return *reinterpret_cast<const Pack<T, W>*>(from[q]);
    Pack<T, W> pack;
    const T* at = from[q];
#pragma unroll
    for (int c = 0; c < W; ++c) {
      pack.v[c] = Whole || deep(q) + (Across ? 0 : c) < left ? *at : T(0);
      if (!Across || c + 1 < inside[q]) at += Across ? line_step : deep_step;
    }
    return pack;
  }

  __device__ static void put(Stage& to, int q, const Pack<T, W>& pack) {
    if constexpr (Across) {
      *reinterpret_cast<Pack<T, W>*>(&to[deep(q)][line(q)]) = pack;
    } else {
#pragma unroll
      for (int c = 0; c < W; ++c) to[deep(q) + c][line(q)] = pack.v[c];
    }
  }
};

}  // namespace tenon::kernels::cuda
