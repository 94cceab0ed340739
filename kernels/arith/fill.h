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
  TENON_HOST_DEVICE_MEMBER double at(double i) const { return num::fma(step, i, start); }
  TENON_HOST_DEVICE_MEMBER double operator()(int64_t i) const { return at(static_cast<double>(i)); }
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
  TENON_HOST_DEVICE_MEMBER double from_start(double i) const { return num::fma(step, i, start); }
  TENON_HOST_DEVICE_MEMBER double from_end(double i) const {
    return num::fma(-step, static_cast<double>(n - 1) - i, end);
  }
  /// The first of the values that are computed from the end.
  TENON_HOST_DEVICE_MEMBER int64_t middle() const { return (n + 1) / 2; }
  TENON_HOST_DEVICE_MEMBER double operator()(int64_t i) const {
    return i < middle() ? from_start(static_cast<double>(i)) : from_end(static_cast<double>(i));
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

}  // namespace tenon::arith
