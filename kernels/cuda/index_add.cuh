// What the gradients of selections share. Every element of their results is a chain of additions in ascending
// order of position, starting from +0 (docs/numerics.md), whatever the kernel. Indices out of range are
// ignored: the selection has reported them.
#pragma once
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/index.h>
#include <tenon/kernels/cuda/pack.cuh>

namespace tenon::kernels::cuda {

inline constexpr unsigned all_lanes = 0xffffffffu;
inline constexpr int block_warps = block_threads / 32;

/// index - low if that is in [0, rows), otherwise -1.
__device__ inline int row_in(std::int64_t index, std::int64_t low, int rows) {
  const std::uint64_t row = static_cast<std::uint64_t>(index) - static_cast<std::uint64_t>(low);
  return row < static_cast<std::uint64_t>(rows) ? static_cast<int>(row) : -1;
}

/// The lanes whose rows have the same last eight bits as this lane's. Lanes with a negative row are not among
/// them.
__device__ inline unsigned lanes_alike(int row) {
  unsigned alike = __ballot_sync(all_lanes, row >= 0);
#pragma unroll
  for (int bit = 0; bit < 8; ++bit) {
    const bool is_set = (row >> bit & 1) != 0;
    const unsigned set = __ballot_sync(all_lanes, is_set);
    alike &= is_set ? set : ~set;
  }
  return alike;
}

/// The gradient of gather, with sums in shared memory (gather_add.cu); with `shares` that of index_select:
/// all positions of `outer` and `inner` have the same indices. Linear in the number of positions times ranges
/// of rows. T is float or double.
template <class T>
void add_in_shared(const char* name, Stream stream, const Indexed& layout, std::int64_t count, bool shares,
    T* out, const T* g, const std::int64_t* index);

}  // namespace tenon::kernels::cuda
