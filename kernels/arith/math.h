// Scalar arithmetic shared by the CPU, the CUDA kernels and their emulation: only IEEE + - * / sqrt, fma,
// integer operations and selects, so every machine gives the same bits (docs/numerics.md). The compiler has
// nothing to contract, because an unfused product is never added. Everything has internal linkage, and no
// included header has inline functions. The functions made of it are in float32.h and float64.h.
#pragma once
#include <stdint.h>

#include <tenon/kernels/arith/host_device.h>

// Device code cannot read a host array, not even a constexpr one.
#if defined(__CUDA_ARCH__)
#define TENON_CONSTANTS static __device__ constexpr
#else
#define TENON_CONSTANTS inline constexpr
#endif

namespace tenon::num {

inline constexpr float infinity = __builtin_inff();
inline constexpr double infinity64 = __builtin_inf();
inline constexpr float magic =
    12582912.0f;  // 1.5 * 2^23: x + magic - magic rounds |x| < 2^22 to an integer, ties to even
inline constexpr double magic64 = 0x1.8p52;  // likewise for |x| < 2^51

TENON_HOST_DEVICE float fma(float a, float b, float c) {
#if defined(__CUDA_ARCH__)
  return __fmaf_rn(a, b, c);
#else
  return __builtin_fmaf(a, b, c);
#endif
}
TENON_HOST_DEVICE double fma(double a, double b, double c) {
#if defined(__CUDA_ARCH__)
  return __fma_rn(a, b, c);
#else
  return __builtin_fma(a, b, c);
#endif
}
TENON_HOST_DEVICE float sqrt(float a) {
#if defined(__CUDA_ARCH__)
  return __fsqrt_rn(a);
#else
  return __builtin_sqrtf(a);
#endif
}
TENON_HOST_DEVICE double sqrt(double a) {
#if defined(__CUDA_ARCH__)
  return __dsqrt_rn(a);
#else
  return __builtin_sqrt(a);
#endif
}

TENON_HOST_DEVICE uint32_t bits(float x) { return __builtin_bit_cast(uint32_t, x); }
TENON_HOST_DEVICE uint64_t bits(double x) { return __builtin_bit_cast(uint64_t, x); }
TENON_HOST_DEVICE float real(uint32_t x) { return __builtin_bit_cast(float, x); }
TENON_HOST_DEVICE double real(uint64_t x) { return __builtin_bit_cast(double, x); }

/// r, with the other sign if x is negative.
TENON_HOST_DEVICE float flip_sign(float r, float x) { return real(bits(r) ^ (bits(x) & 0x80000000u)); }
TENON_HOST_DEVICE double flip_sign(double r, double x) {
  return real(bits(r) ^ (bits(x) & 0x8000000000000000u));
}

TENON_HOST_DEVICE float abs(float x) { return real(bits(x) & 0x7fffffffu); }
TENON_HOST_DEVICE double abs(double x) { return real(bits(x) & 0x7fffffffffffffffu); }
TENON_HOST_DEVICE int64_t abs(int64_t x) {
  return x < 0 ? static_cast<int64_t>(-static_cast<uint64_t>(x)) : x;
}

/// The larger of both; NaN if one is NaN. +0 is larger than -0, so that the order of a and b does not matter.
/// Equal numbers other than zeros have the same bits.
template <class T>
TENON_HOST_DEVICE T largest(T a, T b) {
  return (a > b || a != a) ? a : a == b ? real(bits(a) & bits(b)) : b;
}
TENON_HOST_DEVICE int64_t largest(int64_t a, int64_t b) { return a > b ? a : b; }
// Two choices, not one with ||: GCC does not vectorise the latter in a loop where b is constant.
template <class T>
TENON_HOST_DEVICE T maximum(T a, T b) {
  const T larger = a > b ? a : b;
  return a != a ? a : larger;
}
template <class T>
TENON_HOST_DEVICE T minimum(T a, T b) {
  const T smaller = a < b ? a : b;
  return a != a ? a : smaller;
}
/// minimum(maximum(a, low), high), with one test for NaN.
template <class T>
TENON_HOST_DEVICE T clamp(T a, T low, T high) {
  const T upper = low != low ? low : high;
  const T from_below = a > low ? a : low, within = from_below < upper ? from_below : upper;
  return a != a ? a : within;
}
template <class T>
TENON_HOST_DEVICE T relu(T x) {
  return x <= T(0) ? T(0) : x;
}
template <class T>
TENON_HOST_DEVICE T sign(T x) {
  return x > T(0) ? T(1) : x < T(0) ? T(-1) : x == T(0) ? T(0) : x;
}
/// C's pow(a, 0.5): sqrt, except for +0 at -0 and +infinity at -infinity.
template <class T>
TENON_HOST_DEVICE T root(T a) {
  return a == -T(infinity) ? T(infinity) : sqrt(a == T(0) ? T(0) : a);
}

/// C's pow from r = |a|^b: its special cases, and the exponents that take one or two operations. `whole`
/// tells whether b is a whole number; `flip` is the sign bit if b is odd and a negative.
template <class T, class Bits>
TENON_HOST_DEVICE T pow_cases(T a, T b, T r, bool whole, Bits flip) {
  const T size = abs(a), exponent = abs(b);
  r = ((size == T(1)) & (exponent == T(infinity))) ? T(1) : r;
  const T invalid = a > -T(infinity) ? T(__builtin_nanf("")) : r, below = a < T(0) ? invalid : r;
  r = whole ? real(bits(r) ^ flip) : below;
  r = a != a ? a : b != b ? b : r;
  const T square = a * a, cube = square * a, inverse = T(1) / a;
  r = b == T(1) ? a : r;
  r = b == T(2) ? square : r;
  r = b == T(3) ? cube : r;
  r = b == T(0.5) ? root(a) : r;
  r = b == T(-1) ? inverse : r;
  return ((b == T(0)) | (a == T(1))) ? T(1) : r;
}

/// Truncates, saturates, and turns NaN into 0.
TENON_HOST_DEVICE int64_t to_int64(double a) {
  if (a != a) return 0;
  if (a >= 0x1p63) return INT64_MAX;
  return a <= -0x1p63 ? INT64_MIN : static_cast<int64_t>(a);
}
TENON_HOST_DEVICE int64_t to_int64(int64_t a) { return a; }
TENON_HOST_DEVICE int64_t to_int64(uint8_t a) { return a; }
TENON_HOST_DEVICE int64_t to_int64(float a) { return to_int64(static_cast<double>(a)); }

}  // namespace tenon::num
