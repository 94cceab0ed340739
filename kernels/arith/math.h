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

/// c[i] + c[i+1] x + ... + c[n-1] x^(n-1-i). A loop would keep loops around it from being vectorised.
template <int i = 0, class T, int n>
TENON_HOST_DEVICE T horner(const T (&c)[n], T x) {
  if constexpr (i == n - 1) return c[i];
  else return fma(horner<i + 1>(c, x), x, c[i]);
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

/// The sign of x on a number that is not negative.
TENON_HOST_DEVICE float with_sign(float r, float x) { return real(bits(r) | (bits(x) & 0x80000000u)); }
TENON_HOST_DEVICE double with_sign(double r, double x) {
  return real(bits(r) | (bits(x) & 0x8000000000000000u));
}

// Whole numbers; the sign stays, also that of a zero. From 2^23 (2^52) on every number is whole.

/// |x| rounded to the nearest whole number, ties to the even one
TENON_HOST_DEVICE float round_size(float x) {
  const float t = abs(x), r = (t + 0x1p23f) - 0x1p23f;
  return t < 0x1p23f ? r : t;
}
TENON_HOST_DEVICE double round_size(double x) {
  const double t = abs(x), r = (t + 0x1p52) - 0x1p52;
  return t < 0x1p52 ? r : t;
}
template <class T>
TENON_HOST_DEVICE T round(T x) {
  return with_sign(round_size(x), x);
}
template <class T>
TENON_HOST_DEVICE T trunc(T x) {
  const T r = round_size(x);
  return with_sign(r > abs(x) ? r - T(1) : r, x);
}
template <class T>
TENON_HOST_DEVICE T floor(T x) {
  const T r = round(x);
  return r > x ? r - T(1) : r;
}
template <class T>
TENON_HOST_DEVICE T ceil(T x) {
  const T r = round(x), up = abs(r + T(1));
  return r < x ? with_sign(up, x) : r;
}

/// The smaller of |y| and |x| over the larger one: the slope of the point (x, y), folded into [0, 1].
template <class T>
TENON_HOST_DEVICE T slope_in_octant(T y, T x) {
  const T t = abs(y), u = abs(x), big = t > u ? t : u, small = t > u ? u : t, slope = small / big;
  const T equal = big == T(0) ? T(0) : T(1);  // also of two infinities
  return small == big ? equal : slope;
}
/// C's atan2(y, x) from r = atan(slope_in_octant(y, x)); pi/2 is high + low.
template <class T>
TENON_HOST_DEVICE T from_octant(T r, T y, T x, T high, T low) {
  const bool steep = abs(y) > abs(x), left = bits(x) >> (8 * sizeof(T) - 1);
  const T quarters = steep ? T(1) : left ? T(2) : T(0);  // quarters * pi/2 + (r or -r)
  const T signed_r = steep != left ? -r : r;
  r = quarters * high + fma(quarters, low, signed_r);  // the product is exact
  return x != x ? x : y != y ? y : with_sign(r, y);
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
