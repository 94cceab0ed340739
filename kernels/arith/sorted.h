// The order of sort().
#pragma once
#include <stdint.h>

#include <tenon/kernels/arith/host_device.h>

namespace tenon::arith {

/// An element and its position.
template <class T>
struct Placed {
  T value;
  int64_t at;
};

/// NaN is the largest number, and the two zeros are equal.
template <class T>
TENON_HOST_DEVICE bool is_less(T a, T b) {
  return a < b || (b != b && a == a);
}

/// Whether a comes before b. Of equal elements, in both directions, the one that was first.
template <class T>
TENON_HOST_DEVICE bool is_before(bool descending, const Placed<T>& a, const Placed<T>& b) {
  const bool less = is_less(a.value, b.value), more = is_less(b.value, a.value);
  return less == more ? a.at < b.at : descending ? more : less;
}

}  // namespace tenon::arith
