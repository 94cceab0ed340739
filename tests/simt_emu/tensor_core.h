// The arithmetic of a tensor core, as a probe found it on an H200 (docs/kernels.md): it adds 16 products and
// the accumulator at once. Each is truncated to the bits from 2^(e - 25) up, where e is the exponent of the
// largest, and the sum is truncated to float32.
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>

namespace simt::emu {

/// To float32, rounded toward 0, but infinite where to nearest is.
inline float truncated(double x) {
  const auto nearest = static_cast<float>(x);
  return std::abs(static_cast<double>(nearest)) > std::abs(x) && !std::isinf(nearest)
             ? std::nextafter(nearest, 0.0f)
             : nearest;
}

/// The products of bfloat16 are exact in float64.
inline float tensor_core_sum(double accumulator, const double (&products)[16]) {
  double largest = std::abs(accumulator), plain = accumulator;
  for (const double p : products) {
    largest = std::abs(p) > largest ? std::abs(p) : largest;
    plain += p;
  }
  if (!std::isfinite(plain) || largest == 0) return static_cast<float>(plain);
  const int e = static_cast<int>(std::bit_cast<std::uint64_t>(largest) >> 52) - 1023;
  const double unit = std::ldexp(1.0, e - 25), per_unit = std::ldexp(1.0, 25 - e);
  double sum = std::trunc(accumulator * per_unit);
  for (const double p : products) sum += std::trunc(p * per_unit);
  return truncated(sum * unit);  // exact until here
}

}  // namespace simt::emu
