// Values that are a function of their index alone.
#pragma once
#include <tenon/kernels/arith/math.h>
#include <tenon/kernels/arith/philox.h>

namespace tenon::arith {

/// start + step i: one fma in double; for int64, exact modulo 2^64.
template <class T>
struct Arange {
  double start, step;
  TENON_HOST_DEVICE_MEMBER Arange(double first, double by) : start(first), step(by) {}
  TENON_HOST_DEVICE_MEMBER double operator()(int64_t i) const {
    return num::fma(step, static_cast<double>(i), start);
  }
};
template <>
struct Arange<int64_t> {
  uint64_t start, step;
  TENON_HOST_DEVICE_MEMBER Arange(double first, double by)
      : start(static_cast<uint64_t>(num::to_int64(first))), step(static_cast<uint64_t>(num::to_int64(by))) {}
  TENON_HOST_DEVICE_MEMBER int64_t operator()(int64_t i) const {
    return static_cast<int64_t>(start + step * static_cast<uint64_t>(i));
  }
};

/// Value i of n evenly spaced ones from start to end: one fma in double, from the nearer end.
struct Linspace {
  double start, end, step;
  int64_t n;
  TENON_HOST_DEVICE_MEMBER Linspace(double first, double last, int64_t count)
      : start(first),
        end(last),
        step(count > 1 ? (last - first) / static_cast<double>(count - 1) : 0.0),
        n(count) {}
  TENON_HOST_DEVICE_MEMBER double operator()(int64_t i) const {
    return i < (n + 1) / 2 ? num::fma(step, static_cast<double>(i), start)
                           : num::fma(-step, static_cast<double>(n - 1 - i), end);
  }
};

/// An integer in [low, low + range) from 64 random bits.
struct IntegerDraw {
  uint64_t low, range;
  TENON_HOST_DEVICE_MEMBER IntegerDraw(int64_t from, int64_t to)
      : low(static_cast<uint64_t>(from)), range(static_cast<uint64_t>(to) - static_cast<uint64_t>(from)) {}
  TENON_HOST_DEVICE_MEMBER int64_t operator()(uint64_t bits) const {
    return static_cast<int64_t>(low + num::below(range, bits));
  }
};

/// 64 random bits for element i from its block, number i / 2: words 0 and 1, or 2 and 3.
TENON_HOST_DEVICE uint64_t bits_in(const num::Block& block, uint64_t i) {
  return i % 2 == 0 ? num::pair(block.word[0], block.word[1]) : num::pair(block.word[2], block.word[3]);
}
TENON_HOST_DEVICE uint64_t random_bits(uint64_t seed, uint64_t stream, uint64_t i) {
  return bits_in(num::random_block(seed, stream, i / 2), i);
}

/// random_bits() of one element after the other: two that share a block compute it once.
class RandomBits {
 public:
  TENON_HOST_DEVICE_MEMBER RandomBits(uint64_t seed, uint64_t stream) : seed_(seed), stream_(stream) {}
  TENON_HOST_DEVICE_MEMBER uint64_t operator()(uint64_t i) {
    if (i / 2 != index_) block_ = num::random_block(seed_, stream_, index_ = i / 2);
    return bits_in(block_, i);
  }

 private:
  uint64_t seed_, stream_, index_ = ~uint64_t{0};
  num::Block block_{};
};

}  // namespace tenon::arith
