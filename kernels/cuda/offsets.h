// From the index of an element to its offset in memory, on the device, with one multiplication and one shift
// per division (Granlund and Montgomery, PLDI 1994).
#pragma once
#include <bit>
#include <cstdlib>

#include <tenon/kernels/cuda/simt.h>
#include <tenon/kernels/dims.h>

namespace tenon::kernels::cuda {

/// The largest number that a Divider can divide.
inline constexpr std::int64_t most_items = 0x7fffffff;

class Divider {
 public:
  Divider() = default;
  explicit Divider(std::int64_t divisor)
      : divisor_(divisor > 0 ? static_cast<unsigned>(divisor) : 1),  // an empty dimension is never divided by
        shift_(static_cast<unsigned>(std::bit_width(divisor_ - 1))),
        multiplier_(static_cast<unsigned>((((std::uint64_t{1} << shift_) - divisor_) << 32) / divisor_ + 1)) {
  }

  /// Divides n in place and returns the remainder.
  __device__ unsigned split(unsigned& n) const {
    const unsigned quotient = (__umulhi(n, multiplier_) + n) >> shift_;
    const unsigned remainder = n - quotient * divisor_;
    n = quotient;
    return remainder;
  }

 private:
  unsigned divisor_ = 1, shift_ = 0, multiplier_ = 1;
};

/// The offsets of an item in N operands. The extents' product is at most most_items; so are the offsets if
/// they have 32 bits.
template <int N, class Offset = std::int64_t>
class Offsets {
 public:
  Offsets() = default;
  explicit Offsets(const Dims<N>& dims) : rank_(dims.rank) {
    for (int d = 0; d < rank_; ++d) {
      size_[d] = Divider(dims.size[d]);
      for (int k = 0; k < N; ++k) stride_[d][k] = static_cast<Offset>(dims.stride[k][d]);
    }
  }

  /// True if there are at most two dimensions, for which `at` needs no loop.
  __device__ bool is_flat() const { return rank_ <= 2; }

  /// The offsets of several items, which are lost.
  template <int Items>
  __device__ void at(unsigned (&item)[Items], Offset (&offset)[Items][N]) const {
#pragma unroll
    for (int i = 0; i < Items; ++i)
#pragma unroll
      for (int k = 0; k < N; ++k) offset[i][k] = 0;
    for (int d = rank_ - 1; d >= 0; --d) {
      unsigned index[Items];
#pragma unroll
      for (int i = 0; i < Items; ++i) index[i] = item[i];
      if (d > 0) {  // the outermost index is the remaining quotient
#pragma unroll
        for (int i = 0; i < Items; ++i) index[i] = size_[d].split(item[i]);
      }
#pragma unroll
      for (int i = 0; i < Items; ++i)
#pragma unroll
        for (int k = 0; k < N; ++k) offset[i][k] += static_cast<Offset>(index[i]) * stride_[d][k];
    }
  }
  /// The offsets of one item. With Flat there must be at most two dimensions.
  template <bool Flat = false>
  __device__ void at(unsigned i, Offset (&offset)[N]) const {
    if constexpr (Flat) {
      const unsigned inner = size_[1].split(i);  // 0, of an unused dimension
#pragma unroll
      for (int k = 0; k < N; ++k)
        offset[k] = static_cast<Offset>(i) * stride_[0][k] + static_cast<Offset>(inner) * stride_[1][k];
    } else {
      unsigned item[1] = {i};
      Offset of_item[1][N];
      at(item, of_item);
#pragma unroll
      for (int k = 0; k < N; ++k) offset[k] = of_item[0][k];
    }
  }

 private:
  int rank_ = 0;
  Divider size_[max_rank];
  Offset stride_[max_rank][N] = {};  // unused entries are copied too
};

/// Calls run(dims, offsets) for parts that cover `dims`, of at most `most` items whose offsets are at most
/// `most` from the part's first.
template <int N, class Run>
void for_pieces(const Dims<N>& dims, const Run& run, std::int64_t most = most_items,
    const std::int64_t (&start)[N] = {}) {
  int longest = 0;  // of the dimensions: in items, or else in what an operand spans
  std::int64_t span = 0;
  const auto measure = [&](const auto& extent) {
    if (span > most) return;
    std::int64_t longest_extent = span = 0;
    for (int d = 0; d < dims.rank; ++d) {
      if (extent(d) > longest_extent) longest_extent = extent(d), longest = d;
      span += extent(d);
    }
  };
  measure([&](int d) { return dims.size[d]; });
  span = dims.count();
  for (int k = 0; k < N; ++k)
    measure([&](int d) { return (dims.size[d] - 1) * std::abs(dims.stride[k][d]); });
  if (span <= most) return run(dims, start);
  Dims<N> front = dims, back = dims;
  front.size[longest] /= 2;
  back.size[longest] -= front.size[longest];
  std::int64_t behind[N];
  for (int k = 0; k < N; ++k) behind[k] = start[k] + front.size[longest] * dims.stride[k][longest];
  for_pieces(front, run, most, start);
  for_pieces(back, run, most, behind);
}

}  // namespace tenon::kernels::cuda
