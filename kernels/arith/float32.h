// The float32 functions, under the rules of kernels/arith/math.h. Errors: docs/numerics.md. Their constants
// are printed, and compared, by scripts/fit_polynomials.py.
#pragma once
#include <tenon/kernels/arith/math.h>

namespace tenon::num {

TENON_CONSTANTS float half_pi[] = {0x1.921fb6p+0f, -0x1.777a5cp-25f, -0x1.ee59dap-50f};
inline constexpr float two_over_pi = 0x1.45f306p-1f;
inline constexpr float log2_e = 0x1.715476p+0f;
TENON_CONSTANTS float log_2[] = {0x1.62e43p-1f, -0x1.05c61p-29f};
TENON_CONSTANTS float exp_log_2[] = {
    0x1.62e4p-1f, 0x1.7f7d1cp-20f};  // the product of the first one and an exponent is exact
TENON_CONSTANTS float log_c[] = {0x1.555506p-2f, -0x1.fffefap-3f, 0x1.99d05ap-3f, -0x1.559c2ap-3f,
    0x1.1ed482p-3f, -0x1.f33d4cp-4f, 0x1.1e718ep-3f, -0x1.07a796p-3f};
TENON_CONSTANTS float exp_c[] = {
    0x1.fffffcp-2f, 0x1.555492p-3f, 0x1.5558acp-5f, 0x1.12397ap-7f, 0x1.6a5136p-10f};
TENON_CONSTANTS float tanh_c[] = {-0x1.555368p-2f, 0x1.10a722p-3f, -0x1.abb934p-5f, 0x1.ff9e7ep-7f};
TENON_CONSTANTS float sin_c[] = {-0x1.555556p-3f, 0x1.111174p-7f, -0x1.a05964p-13f, 0x1.7c3616p-19f};
TENON_CONSTANTS float cos_c[] = {0x1.55554ap-5f, -0x1.6c0c2ap-10f, 0x1.99e914p-16f};
TENON_CONSTANTS float erf_c[] = {
    0x1.06eba6p-3f, -0x1.8126e2p-2f, 0x1.ce1986p-4f, -0x1.b67c04p-6f, 0x1.46d9e4p-8f, -0x1.38742ep-11f};
TENON_CONSTANTS float log_erfc_c[] = {-0x1.bb2a3ep-13f, -0x1.20ab2p+0f, -0x1.464af2p-1f, -0x1.a950c4p-4f,
    0x1.6b6b44p-6f, -0x1.8d62ccp-9f, 0x1.987af4p-13f};
TENON_CONSTANTS float atan_c[] = {-0x1.5554dcp-2f, 0x1.9978eep-3f, -0x1.230ab2p-3f, 0x1.b4dff8p-4f,
    -0x1.355444p-4f, 0x1.61f83ep-5f, -0x1.0c255p-6f, 0x1.7ec4d4p-9f};
TENON_CONSTANTS double log2_c[] = {0x1.71547652b8252p+1, 0x1.ec709dc53b7f1p-1, 0x1.2776c2941288ep-1,
    0x1.a61a2e30f20cbp-2, 0x1.47956dab71094p-2, 0x1.21afa26c38eb4p-2};
TENON_CONSTANTS double exp2_c[] = {0x1.62e42fef89d05p-1, 0x1.ebfbdff8edcd3p-3, 0x1.c6b08dced610cp-5,
    0x1.3b2ab5ed95ecep-7, 0x1.5d874d0479b14p-10, 0x1.430aa843a8b48p-13, 0x1.00d85497dedb4p-16,
    0x1.61c52f1f3c7e8p-20};

inline constexpr float least_normal = 0x1p-126f;

/// a - j log(2) for |a| < 104; rounded = j + magic.
TENON_HOST_DEVICE float exp_argument(float a, float& rounded) {
  rounded = fma(a, log2_e, magic);
  const float j = rounded - magic;
  const float f = fma(j, -exp_log_2[0], a);
  return fma(j, -exp_log_2[1], f);
}
/// exp(a) / 2^j
TENON_HOST_DEVICE float exp_reduced(float a, float& rounded) {
  const float f = exp_argument(a, rounded);
  const float r = fma(horner(exp_c, f), f, 1.0f);
  return fma(r, f, 1.0f);
}

TENON_HOST_DEVICE float exp(float a) {
  float m;
  float r = exp_reduced(a, m);
  const bool in_range = abs(a) < 104.0f;
  const int32_t n = in_range ? static_cast<int32_t>(m - magic) : 0,
                half = n >> 1;  // two factors, because 2^n may not be representable
  r = r * real(static_cast<uint32_t>(half + 127) << 23);
  r = r * real(static_cast<uint32_t>(n - half + 127) << 23);
  return in_range ? r : a > 0.0f ? infinity : a < 0.0f ? 0.0f : a;
}

/// exp(a) where is_usual_exp(a): r and the result are normal, so the exponent is added in place.
TENON_HOST_DEVICE bool is_usual_exp(float a) { return abs(a) < 87.0f; }
TENON_HOST_DEVICE float usual_exp(float a) {
  float m;
  const float r = exp_reduced(a, m);
  return real(bits(r) + (bits(m) << 23));
}

/// exp(a) - 1: 2^j p + (2^j - 1), p = exp(a - j log(2)) - 1, in halves, so that 2^j does not overflow.
TENON_HOST_DEVICE float expm1(float a) {
  float m;
  const float f = exp_argument(a < -30.0f ? -30.0f : a > 89.0f ? 89.0f : a, m);
  const float p = fma(horner(exp_c, f), f * f, f), half = real(bits(0.5f) + (bits(m) << 23));
  const float r = m == magic ? p : 2.0f * fma(half, p, half - 0.5f);
  return a == 0.0f ? a : r;
}

/// a = m 2^e for normal a > 0, m in [low, 2 low). Returns m; e is stored as a float.
TENON_HOST_DEVICE float split_normal(float a, float low, float& exponent) {
  const uint32_t b = bits(a), e = (b - bits(low)) & 0xff800000u;
  exponent = static_cast<float>(static_cast<int32_t>(e)) * 0x1p-23f;
  return real(b - e);
}
/// The same for every finite a > 0.
TENON_HOST_DEVICE float split(float a, float low, float& exponent) {
  const bool tiny = a < least_normal;
  const float m = split_normal(tiny ? a * 0x1p23f : a, low, exponent);
  exponent = exponent - (tiny ? 23.0f : 0.0f);
  return m;
}
inline constexpr float two_thirds = 0x1.555556p-1f;

/// f + e log(2) + O(f^2)
TENON_HOST_DEVICE float log_sum(float f, float e) {
  const float s = f * f;
  float r = fma(log_c[7], s, log_c[5]), t = fma(log_c[6], s, log_c[4]);
  r = fma(r, s, log_c[3]);
  t = fma(t, s, log_c[2]);
  r = fma(r, s, log_c[1]);
  r = fma(t, f, r);
  r = fma(r, f, log_c[0]);
  r = fma(r, f, -0.5f);
  r = fma(r, s, f);
  return fma(e, log_2[0], r);
}

TENON_HOST_DEVICE float log(float a) {
  float e;
  const float f = split(a, two_thirds, e) - 1.0f;
  float r = log_sum(f, e);
  r = a > 0.0f ? r : a == 0.0f ? -infinity : real(0x7fc00000u);
  return a < infinity ? r : a;
}

/// log(a) where is_usual_log(a).
TENON_HOST_DEVICE bool is_usual_log(float a) { return (a >= least_normal) & (a < infinity); }
TENON_HOST_DEVICE float usual_log(float a) {
  float e;
  const float f = split_normal(a, two_thirds, e) - 1.0f;
  return log_sum(f, e);
}

/// log(1 + a): 1 + a = (1 + f) 2^e, where f is rounded once.
TENON_HOST_DEVICE float log1p(float a) {
  float e;
  const float u = 1.0f + a, m = split_normal(u, two_thirds, e);
  const float scale = real(bits(1.0f) - (bits(u) - bits(m)));  // 2^-e
  const float f = e < 64.0f ? fma(a, scale, scale - 1.0f) : m - 1.0f;
  float r = log_sum(f, e);
  r = a > -1.0f ? r : a == -1.0f ? -infinity : real(0x7fc00000u);
  return ((a == 0.0f) | (a == infinity)) ? a : r;
}
/// log1p(a) for -1 < a <= 1, except that -0 gives +0.
TENON_HOST_DEVICE float usual_log1p(float a) {
  float e;
  const float u = 1.0f + a, m = split_normal(u, two_thirds, e);
  const float scale = real(bits(1.0f) - (bits(u) - bits(m)));
  return log_sum(fma(a, scale, scale - 1.0f), e);
}

TENON_HOST_DEVICE float tanh(float a) {
  const float t = abs(a), s = t * t;
  const float large = 1.0f - 2.0f / (usual_exp(2.0f * (t < 9.02f ? t : 9.02f)) + 1.0f);  // 1 from 9.02 on
  float r = fma(tanh_c[3], s, tanh_c[2]);
  r = fma(r, s, tanh_c[1]);
  r = fma(r, s, tanh_c[0]);
  r = fma(r * s, t, t);
  r = t < 0.5996f ? r : large;
  return a == a ? with_sign(r, a) : a;
}

/// a + a^3 (...) near 0, then 1 - exp(log(erfc(a))), 1 from 3.93 on.
TENON_HOST_DEVICE float erf(float a) {
  const float t = abs(a);
  const float large = 1.0f - usual_exp(horner(log_erfc_c, t < 3.93f ? t : 3.93f));
  const float r = t < 0.93f ? fma(horner(erf_c, t * t), t, t) : large;
  return a == a ? with_sign(r, a) : a;
}

/// atan(q) for 0 <= q <= 1
TENON_HOST_DEVICE float atan_unit(float q) {
  const float s = q * q;
  return fma(horner(atan_c, s), q * s, q);
}
TENON_HOST_DEVICE float atan2(float y, float x) {
  return from_octant(atan_unit(slope_in_octant(y, x)), y, x, half_pi[0], half_pi[1]);
}

/// The squares are exact in binary64, and their sum cannot overflow.
TENON_HOST_DEVICE float hypot(float a, float b) {
  const double x = static_cast<double>(a), y = static_cast<double>(b);
  const float t = abs(a), u = abs(b), r = static_cast<float>(sqrt(fma(x, x, y * y)));
  return ((t == infinity) | (u == infinity)) ? infinity : r;
}

/// C's fmod, which is exact: long division of the significands, as whole numbers, 40 bits at a time.
TENON_HOST_DEVICE float fmod(float a, float b) {
  const float t = abs(a), u = abs(b);
  if (!(t < infinity) || !(u > 0.0f)) return real(0x7fc00000u);
  if (t < u) return a;
  const uint32_t x = bits(t), y = bits(u), normal = 0x00800000u;
  const int32_t x_exponent = x < normal ? 1 : static_cast<int32_t>(x >> 23),
                y_exponent = y < normal ? 1 : static_cast<int32_t>(y >> 23);
  const uint64_t divisor = y < normal ? y : (y & (normal - 1)) | normal;
  uint64_t rest = (x < normal ? x : (x & (normal - 1)) | normal) % divisor;
  for (int32_t left = x_exponent - y_exponent; left > 0; left -= 40)
    rest = (rest << (left < 40 ? left : 40)) % divisor;
  const double unit = real(static_cast<uint64_t>(1023 + y_exponent - 150) << 52);
  return flip_sign(static_cast<float>(static_cast<double>(rest) * unit), a);
}

/// sigmoid(a) from exp(-|a|)
TENON_HOST_DEVICE float sigmoid_from(float a, float e) { return (a < 0.0f ? e : 1.0f) / (1.0f + e); }
TENON_HOST_DEVICE float sigmoid(float a) { return sigmoid_from(a, exp(-abs(a))); }
TENON_HOST_DEVICE float usual_sigmoid(float a) { return sigmoid_from(a, usual_exp(-abs(a))); }

/// sin of the angle r + quadrant * pi/2, for |r| up to slightly more than pi/4.
TENON_HOST_DEVICE float sin_quadrant(float r, uint32_t quadrant) {
  const float s = r * r;
  float c = fma(cos_c[2], s, cos_c[1]);
  c = fma(c, s, cos_c[0]);
  c = fma(c, s, -0.5f);
  c = fma(c, s, 1.0f);
  float p = fma(sin_c[3], s, sin_c[2]);
  p = fma(p, s, sin_c[1]);
  p = fma(p, s, sin_c[0]);
  p = fma(p, r * s, r);
  return real(bits(quadrant & 1u ? c : p) ^ (quadrant & 2u) << 30);
}

/// Whether subtracting multiples of pi/2 in three terms is accurate (Cody and Waite).
TENON_HOST_DEVICE bool is_near(float x) { return abs(x) < 65536.0f; }

/// sin(|x|), or cos(x) with ahead = 1, for x with is_near(x).
TENON_HOST_DEVICE float sin_near(float x, uint32_t ahead) {
  const float t = abs(x), m = fma(t, two_over_pi, magic), q = m - magic;
  float r = fma(q, -half_pi[0], t);
  r = fma(q, -half_pi[1], r);
  r = fma(q, -half_pi[2], r);
  return sin_quadrant(r, bits(m) + ahead);
}

/// sin(|x|), or cos(x) with ahead = 1, for the other x: |x| times the relevant bits of 2/pi (Payne and
/// Hanek), then the fraction of a quadrant in binary64, rounded once.
TENON_HOST_DEVICE float sin_far(float x, uint32_t ahead) {
  constexpr uint32_t table[] = {0, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041};
  if (!(abs(x) < infinity)) return real(0x7fc00000u);
  const uint32_t mantissa = (bits(x) & 0x007fffffu) << 8 | 0x80000000u;
  const uint32_t exponent = (bits(x) >> 23 & 0xffu) - 128u, word = exponent >> 5, shift = exponent & 31u;
  const uint64_t high = static_cast<uint64_t>(table[word]) << 32 | table[word + 1];
  const uint64_t low = static_cast<uint64_t>(table[word + 1]) << 32 | table[word + 2];
  const uint64_t end = static_cast<uint64_t>(table[word + 2]) << 32 | table[word + 3];
  const auto at = [shift](uint64_t pair) { return static_cast<uint32_t>(pair << shift >> 32); };
  uint64_t p = static_cast<uint64_t>(mantissa) * at(end);
  p = static_cast<uint64_t>(mantissa) * at(low) + (p >> 32);
  p = (static_cast<uint64_t>(mantissa * at(high)) << 32) + p;  // turns, 64 bits after the point
  const uint32_t quadrant = static_cast<uint32_t>((p + (uint64_t(1) << 61)) >> 62);
  const int64_t fraction = static_cast<int64_t>(p << 2) >> 2;
  const float r = static_cast<float>(static_cast<double>(fraction) * 0x1.921fb54442d18p-62);
  return sin_quadrant(r, quadrant + ahead);
}

TENON_HOST_DEVICE float sin(float x) { return flip_sign(is_near(x) ? sin_near(x, 0) : sin_far(x, 0), x); }
TENON_HOST_DEVICE float cos(float x) { return is_near(x) ? sin_near(x, 1) : sin_far(x, 1); }

/// 2^x for |x| < 1000, with the accuracy of float32.
TENON_HOST_DEVICE double exp2_wide(double x) {
  const double m = x + magic64, f = x - (m - magic64);
  const double r = fma(horner(exp2_c, f), f, 1.0);
  return real(bits(r) + (bits(m) << 52));
}

/// log2(a) for finite a > 0, with the accuracy of float32: e + 2 / log(2) atanh((m - 1) / (m + 1)).
TENON_HOST_DEVICE double log2_wide(float a) {
  float e;
  const double m = static_cast<double>(split(a, 0x1.6a09e6p-1f, e)), q = (m - 1.0) / (m + 1.0), s = q * q;
  return fma(horner(log2_c, s), q, static_cast<double>(e));
}

TENON_HOST_DEVICE float exp2(float a) {
  const double x = static_cast<double>(a < -200.0f ? -200.0f : a > 200.0f ? 200.0f : a);
  const float r = static_cast<float>(exp2_wide(x));
  return a == a ? r : a;
}

TENON_HOST_DEVICE float log2(float a) {
  float r = static_cast<float>(log2_wide(a));
  r = a > 0.0f ? r : a == 0.0f ? -infinity : real(0x7fc00000u);
  return a < infinity ? r : a;
}

/// C's pow. The exponents 0, 1, 2, 3, 0.5 and -1 take one or two operations; the others are computed in
/// binary64 and rounded once, so that overflow and denormal results are correct.
TENON_HOST_DEVICE float pow(float a, float b) {
  const float t = abs(a);
  const double log = t == 0.0f ? -static_cast<double>(infinity) : t < infinity ? log2_wide(t) : t;
  const double x = log * b;
  const float r = static_cast<float>(exp2_wide(x < -200.0 ? -200.0 : x > 200.0 ? 200.0 : x));
  // The last integer bit of b, and its fraction bits; a branch on abs(b) would prevent vectorisation.
  const int32_t exponent = static_cast<int32_t>(bits(b) >> 23 & 0xffu) - 127;
  const int32_t shift = exponent < 0 ? 0 : exponent > 24 ? 24 : exponent;
  const uint32_t point = (bits(b) << 8 | 0x80000000u) << shift, fraction = exponent < 0 ? 1u : point << 1;
  const uint32_t flip = fraction == 0 ? point & bits(a) & 0x80000000u : 0u;
  return pow_cases(a, b, r, fraction == 0, flip);
}

}  // namespace tenon::num
