// From the index of an element to its offset in memory, on the device, with one multiplication and one shift
// per division (Granlund and Montgomery, PLDI 1994).
#pragma once
#include <bit>

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

/// The offsets of item i in N operands. The extents' product is at most most_items.
template <int N>
class Offsets {
 public:
  Offsets() = default;
  explicit Offsets(const Dims<N>& dims) : rank_(dims.rank) {
    for (int d = 0; d < rank_; ++d) {
      size_[d] = Divider(dims.size[d]);
      for (int k = 0; k < N; ++k) stride_[d][k] = dims.stride[k][d];
    }
  }

  /// True if there are at most two dimensions, for which `at` needs no loop.
  __device__ bool is_flat() const { return rank_ <= 2; }

  /// With Flat there must be at most two dimensions.
  template <bool Flat = false>
  __device__ void at(unsigned i, std::int64_t (&offset)[N]) const {
    if constexpr (Flat) {
      const unsigned inner = size_[1].split(i);  // 0, of an unused dimension
#pragma unroll
      for (int k = 0; k < N; ++k) offset[k] = i * stride_[0][k] + inner * stride_[1][k];
    } else {
#pragma unroll
      for (int k = 0; k < N; ++k) offset[k] = 0;
      for (int d = rank_ - 1; d >= 0; --d) {
        const unsigned index = d > 0 ? size_[d].split(i) : i;  // the outermost one is the last quotient
#pragma unroll
        for (int k = 0; k < N; ++k) offset[k] += index * stride_[d][k];
      }
    }
  }

 private:
  int rank_ = 0;
  Divider size_[max_rank];
  std::int64_t stride_[max_rank][N] = {};  // unused entries are copied too
};

/// Calls run(dims, offsets) for parts of at most `most` items that cover `dims`.
template <int N, class Run>
void for_pieces(const Dims<N>& dims, const Run& run, std::int64_t most = most_items,
    const std::int64_t (&start)[N] = {}) {
  if (dims.count() <= most) return run(dims, start);
  int largest = 0;
  for (int d = 1; d < dims.rank; ++d)
    if (dims.size[d] > dims.size[largest]) largest = d;
  Dims<N> front = dims, back = dims;
  front.size[largest] /= 2;
  back.size[largest] -= front.size[largest];
  std::int64_t behind[N];
  for (int k = 0; k < N; ++k) behind[k] = start[k] + front.size[largest] * dims.stride[k][largest];
  for_pieces(front, run, most, start);
  for_pieces(back, run, most, behind);
}

}  // namespace tenon::kernels::cuda
