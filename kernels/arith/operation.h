// What all elementwise operations have in common.
#pragma once
#include <tenon/kernels/arith/float32.h>
#include <tenon/kernels/arith/float64.h>
#include <tenon/kernels/arith/list.h>

namespace tenon::arith {

template <class T>
concept Floating = is_same<T, float> || is_same<T, double>;

/// Defaults for most operations. Up to two parameters follow the operands, in the element type.
struct Elementwise {
  static constexpr int parameters = 0;
  static constexpr bool costly =
      false;  // expensive per element: worth splitting over threads at smaller sizes
  static constexpr bool one_by_one = false;  // has a loop of its own, so that loops over it do not vectorise
};

/// int64 arithmetic wraps.
TENON_HOST_DEVICE int64_t wrap(uint64_t x) { return static_cast<int64_t>(x); }
TENON_HOST_DEVICE uint64_t bare(int64_t x) { return static_cast<uint64_t>(x); }

}  // namespace tenon::arith
