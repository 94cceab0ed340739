// Binary search, the same on the CPU and on CUDA.
#pragma once
#include <tenon/kernels/arith/host_device.h>

namespace tenon::arith {

/// The first of n ascending elements that is not less than x, or with `right` that is greater; n if there is
/// none, and for NaN.
template <class T, class Index>
TENON_HOST_DEVICE Index place_in(Index n, const T* sorted, T x, bool right) {
  Index low = 0, high = n;
  while (low < high) {
    const Index middle = low + (high - low) / 2;
    if (right ? sorted[middle] > x : sorted[middle] >= x) high = middle;
    else low = middle + 1;
  }
  return low;
}

}  // namespace tenon::arith
