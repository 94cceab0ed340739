// Brings an operand of a tiled product from global to shared memory, by asynchronous copies: nothing passes
// through registers, and several steps can be on their way.
#pragma once
#include <tenon/kernels/cuda/pack.cuh>

namespace tenon::kernels::cuda {

/// A thread's part in copying the lines (rows of A or columns of B) that a block needs, BK values of k per
/// step. Across: neighbours in memory belong to different lines, as in a stage; otherwise they lie along k,
/// and each is copied by itself to where it belongs. With Vec, neighbours are adjacent, and across they are
/// copied 16 bytes at a time, which lie all inside the matrix or all outside.
template <class T, int Lines, int BK, int Threads, bool Across, bool Vec>
struct Feed {
  static constexpr int W = pack_width<T>, unit = Across && Vec ? W : 1;
  /// The pack of padding spreads over all banks what a warp copies of an operand along k: 8 values of each of
  /// 4 lines, which are whole sectors of 32 bytes.
  using Stage = T[BK][Lines + W];
  static constexpr int neighbours = Across ? Lines / unit : 8;
  /// Between two copies of a thread: each of its lines takes BK / k_apart of them.
  static constexpr int k_apart = Across ? Threads / neighbours : 8, line_apart = Across ? Lines : Threads / 8;
  static_assert(Threads % neighbours == 0 && BK % k_apart == 0 && Lines % line_apart == 0);

  int line, k;                               // of the thread's first copy
  const T* from;                             // where it reads it in the next step
  std::int64_t k_step, k_stride, line_step;  // to the next step, and to the next copies within one
  std::int64_t lines_left;                   // the number of lines from `line` on that exist

  __device__ Feed(const T* p, std::int64_t along_lines, std::int64_t along_k, std::int64_t first,
      std::int64_t lines, std::int64_t begin) {
    const int thread = static_cast<int>(threadIdx.x);
    line = Across ? thread % neighbours * unit : thread / neighbours;
    k = Across ? thread / neighbours : thread % neighbours;
    if (Vec && !Across) along_k = 1;
    from = p + (first + line) * along_lines + (begin + k) * along_k;
    k_step = BK * along_k;
    k_stride = k_apart * along_k;
    line_step = line_apart * along_lines;
    lines_left = lines - first - line;
  }

  /// Begins to copy the next step, all of which exists.
  __device__ void fetch(Stage& to) {
#pragma unroll
    for (int l = 0; l < Lines; l += line_apart)
#pragma unroll
      for (int q = 0; q < BK; q += k_apart)
        simt::copy_async<unit * sizeof(T)>(
            &to[k + q][line + l], from + l / line_apart * line_step + q / k_apart * k_stride);
    from += k_step;
  }

  /// Begins to copy the next step, of which `left` values of k exist; what does not exist becomes +0. The
  /// loops stay loops, so that the compiler jumps around them, rather than to issue and ignore copies.
  __device__ void fetch_part(Stage& to, std::int64_t left) {
#pragma unroll 1
    for (int l = 0; l < Lines; l += line_apart)
#pragma unroll 1
      for (int q = 0; q < BK; q += k_apart)
        simt::copy_async<unit * sizeof(T)>(&to[k + q][line + l],
            from + l / line_apart * line_step + q / k_apart * k_stride, l < lines_left && k + q < left);
    from += k_step;
  }
};

}  // namespace tenon::kernels::cuda
