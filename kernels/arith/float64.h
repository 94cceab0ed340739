// The float64 functions, under the rules of kernels/arith/math.h. Errors: docs/numerics.md. Their constants
// are printed, and compared, by scripts/fit_polynomials.py.
//
// The functions have no branches and no conversion between int64 and double, which AVX2 lacks, so that loops
// over them vectorise; only sin and cos of large arguments differ.
#pragma once
#include <tenon/kernels/arith/math.h>

namespace tenon::num {

// Numbers as sums of two or three doubles.
TENON_CONSTANTS double half_pi64[] = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54, -0x1.f1976b7ed8fbcp-110};
TENON_CONSTANTS double log_2_64[] = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
TENON_CONSTANTS double log2_c1[] = {0x1.71547652b82fep+1, 0x1.777d0ffda0d24p-55};
TENON_CONSTANTS double log2_c3[] = {0x1.ec709dc3a03fdp-1, 0x1.d27f05548af0cp-55};
inline constexpr double two_over_pi64 = 0x1.45f306dc9c883p-1;
inline constexpr double log2_e64 = 0x1.71547652b82fep+0;

TENON_CONSTANTS double exp64_c[] = {0x1.000000000000ap-1, 0x1.555555555550dp-3, 0x1.55555555507bbp-5,
    0x1.1111111124548p-7, 0x1.6c16c1843152ep-10, 0x1.a01a01384b532p-13, 0x1.a0199a229e041p-16,
    0x1.71df0ccf46b11p-19, 0x1.28ad4b452addp-22, 0x1.ad9ed91420cdep-26};
TENON_CONSTANTS double log64_c[] = {0x1.5555555555592p-1, 0x1.999999997ff6bp-2, 0x1.24924941daac3p-2,
    0x1.c71c521aae26ap-3, 0x1.74663b813a1e8p-3, 0x1.39a20f65a7ffdp-3, 0x1.2f0228c121b4fp-3};
TENON_CONSTANTS double tanh64_c[] = {-0x1.555555555554fp-2, 0x1.1111111110779p-3, -0x1.ba1ba1b97aa98p-5,
    0x1.664f4858af867p-6, -0x1.226e2ef8fc5bap-7, 0x1.d6d296e4c5d8dp-9, -0x1.7d8f9346f9b4p-10,
    0x1.34817ffe552cfp-11, -0x1.e95887fa91898p-13, 0x1.5d2efb2daa6bbp-14, -0x1.465f60d703cb9p-16};
TENON_CONSTANTS double sin64_c[] = {-0x1.5555555555548p-3, 0x1.111111110f73cp-7, -0x1.a01a019bec4cfp-13,
    0x1.71de35594ac4p-19, -0x1.ae5e4fbc3eda7p-26, 0x1.5d8cd2611f8a7p-33};
TENON_CONSTANTS double cos64_c[] = {0x1.555555555554bp-5, -0x1.6c16c16c15015p-10, 0x1.a01a019c8f249p-16,
    -0x1.27e4f7f1907fap-22, 0x1.1ee9dbce6dfa3p-29, -0x1.8fa6844ca7d99p-37};
TENON_CONSTANTS double erf64_c[] = {0x1.06eba8214db69p-3, -0x1.812746b037a25p-2, 0x1.ce2f21a0458d4p-4,
    -0x1.b82ce313551fdp-6, 0x1.565bcd2c83d3p-8, -0x1.c02db93cfa9f9p-11, 0x1.f9a3bae9652dap-14,
    -0x1.f4dd18b4f75e8p-17, 0x1.ba6b7e240f8dbp-20, -0x1.63a8e52948164p-23, 0x1.13b5c5aaf9328p-26,
    -0x1.c8c8d476f7cc1p-30, 0x1.41b849699ce5bp-33};
TENON_CONSTANTS double log_erfc64_c[] = {-0x1.570d36cb51cb1p+3, -0x1.9370b35013ecfp+2, -0x1.ea2f933649199p-1,
    -0x1.e5bee8d466121p-8, 0x1.62c32149e40fbp-10, -0x1.01a075a0ffafcp-12, 0x1.69652efebd513p-15,
    -0x1.dd89e9a596719p-18, 0x1.1efbe8889d03fp-20, -0x1.23c655fee107p-23, 0x1.9f63b325af61ap-27,
    0x1.f7951014e57cap-31, -0x1.b42b791b0db6bp-31, -0x1.2cb41aac4301ap-34, -0x1.24c11238bb0e7p-33,
    0x1.f70535fb51a1dp-36, 0x1.b7be7bc480ae6p-36, 0x1.325bd3492dfd5p-37, 0x1.272733b1f5e68p-40};
TENON_CONSTANTS double atan64_c[] = {-0x1.5555555555554p-2, 0x1.9999999999588p-3, -0x1.249249246f88p-3,
    0x1.c71c71b474358p-4, -0x1.745d145487ecdp-4, 0x1.3b136556122bcp-4, -0x1.110bf19260416p-4,
    0x1.e168362139ddbp-5, -0x1.ab3f17c90806bp-5, 0x1.6ff1dc6fa78cep-5, -0x1.0ff3a6c70f8ecp-5,
    0x1.e8c887fbacb46p-7};
TENON_CONSTANTS double log2_64_c[] = {0x1.2776c50ef9d22p-1, 0x1.a61762a759fa2p-2, 0x1.484b142148433p-2,
    0x1.0c9a63f1da983p-2, 0x1.c69f828366f01p-3, 0x1.87b19cdedba3dp-3, 0x1.85e14c725771ep-3};
TENON_CONSTANTS double exp2_64_c[] = {0x1.62e42fefa39efp-1, 0x1.ebfbdff82c59cp-3, 0x1.c6b08d704a0d4p-5,
    0x1.3b2ab6fba11efp-7, 0x1.5d87fe78b3bap-10, 0x1.4309130c02b89p-13, 0x1.ffcbfbf8c58a3p-17,
    0x1.62bfcdda3b777p-20, 0x1.b5260da45b95fp-24, 0x1.e611a7866a996p-28, 0x1.e80edf2e62886p-32};

inline constexpr uint64_t sign64 = 0x8000000000000000u, nan64 = 0x7ff8000000000000u;

/// A sum of two doubles, the second a rounding error of the first or close to one.
struct TwoDoubles {
  double high, low;
};
/// a + b for |a| >= |b| or a == 0
TENON_HOST_DEVICE TwoDoubles sum(double a, double b) {
  const double high = a + b;
  return {high, b - (high - a)};
}
TENON_HOST_DEVICE TwoDoubles operator*(TwoDoubles a, TwoDoubles b) {
  const double high = a.high * b.high;
  return {high, fma(a.high, b.high, -high) + fma(a.high, b.low, a.low * b.high)};
}

/// r 2^n for the whole number n, -2000 < n < 2000, as rounded = n + magic64. Two factors, because 2^n may not
/// be representable; the first product is exact.
TENON_HOST_DEVICE double scale(double r, double rounded) {
  const uint64_t n = bits(rounded) - bits(magic64) + 2046, half = n >> 1;
  return r * real(half << 52) * real((n - half) << 52);
}

/// x - j log(2) for |x| <= 800; rounded = j + magic64.
TENON_HOST_DEVICE double exp_argument(double x, double& rounded) {
  rounded = fma(x, log2_e64, magic64);
  const double j = rounded - magic64;
  const double f = fma(j, -log_2_64[0], x);  // exact
  return fma(j, -log_2_64[1], f);
}
/// exp(x) / 2^j
TENON_HOST_DEVICE double exp_reduced(double x, double& rounded) {
  const double f = exp_argument(x, rounded);
  const double r = fma(horner(exp64_c, f), f, 1.0);
  return fma(r, f, 1.0);
}

TENON_HOST_DEVICE double exp(double a) {
  double m;
  const double r = exp_reduced(a < -800.0 ? -800.0 : a > 800.0 ? 800.0 : a, m);
  return scale(r, m);
}

/// exp(a) where is_usual_exp(a): r and the result are normal, so the exponent is added in place.
TENON_HOST_DEVICE bool is_usual_exp(double a) { return abs(a) < 708.0; }
TENON_HOST_DEVICE double usual_exp(double a) {
  double m;
  const double r = exp_reduced(a, m);
  return real(bits(r) + (bits(m) << 52));
}

/// exp(a) - 1, as in float32
TENON_HOST_DEVICE double expm1(double a) {
  double m;
  const double f = exp_argument(a < -50.0 ? -50.0 : a > 710.0 ? 710.0 : a, m);
  const double p = fma(horner(exp64_c, f), f * f, f), half = real(bits(0.5) + (bits(m) << 52));
  const double r = m == magic64 ? p : 2.0 * fma(half, p, half - 0.5);
  return a == 0.0 ? a : r;
}

/// a = m 2^e for normal a > 0, m in [low, 2 low).
TENON_HOST_DEVICE double split_normal(double a, double low, double& exponent) {
  const uint64_t b = bits(a), e = (b - bits(low)) & 0xfff0000000000000u;
  // e + 2048, a 12-bit number, becomes the low bits of a double.
  exponent = real(bits(0x1p52) + ((e ^ sign64) >> 52)) - (0x1p52 + 2048.0);
  return real(b - e);
}
/// The same for every finite a > 0.
TENON_HOST_DEVICE double split(double a, double low, double& exponent) {
  const bool tiny = a < 0x1p-1022;
  const double m = split_normal(tiny ? a * 0x1p54 : a, low, exponent);
  exponent = exponent - (tiny ? 54.0 : 0.0);
  return m;
}
inline constexpr double half_root64 = 0x1.6a09e667f3bcdp-1;

/// e log(2) + 2 atanh(s), s = f / (2 + f); 2 s is written as f - s f, because f is exact.
TENON_HOST_DEVICE double log_sum(double f, double e) {
  const double s = f / (2.0 + f), z = s * s;
  const double half = 0.5 * f, h = half * f;  // f^2 / 2
  double r = fma(horner(log64_c, z), z, h);
  r = fma(e, log_2_64[1], s * r);
  r = fma(-half, f, r) + f;
  return fma(e, log_2_64[0], r);
}

TENON_HOST_DEVICE double log(double a) {
  double e;
  const double f = split(a, half_root64, e) - 1.0;
  double r = log_sum(f, e);
  r = a > 0.0 ? r : a == 0.0 ? -infinity64 : real(nan64);
  return a < infinity64 ? r : a;
}

/// log(a) where is_usual_log(a).
TENON_HOST_DEVICE bool is_usual_log(double a) { return (a >= 0x1p-1022) & (a < infinity64); }
TENON_HOST_DEVICE double usual_log(double a) {
  double e;
  const double f = split_normal(a, half_root64, e) - 1.0;
  return log_sum(f, e);
}

/// log(1 + a), as in float32
TENON_HOST_DEVICE double log1p(double a) {
  double e;
  const double u = 1.0 + a, m = split_normal(u, half_root64, e);
  const double scale = real(bits(1.0) - (bits(u) - bits(m)));  // 2^-e
  const double f = e < 64.0 ? fma(a, scale, scale - 1.0) : m - 1.0;
  double r = log_sum(f, e);
  r = a > -1.0 ? r : a == -1.0 ? -infinity64 : real(nan64);
  return ((a == 0.0) | (a == infinity64)) ? a : r;
}
/// log1p(a) for -1 < a <= 1, except that -0 gives +0.
TENON_HOST_DEVICE double usual_log1p(double a) {
  double e;
  const double u = 1.0 + a, m = split_normal(u, half_root64, e);
  const double scale = real(bits(1.0) - (bits(u) - bits(m)));
  return log_sum(fma(a, scale, scale - 1.0), e);
}

TENON_HOST_DEVICE double tanh(double a) {
  const double t = abs(a), s = t * t;
  const double large = 1.0 - 2.0 / (usual_exp(2.0 * (t < 20.0 ? t : 20.0)) + 1.0);  // 1 from 20 on
  double r = horner(tanh64_c, s);
  r = fma(r * s, t, t);
  r = t < 0.55 ? r : large;
  return a == a ? with_sign(r, a) : a;
}

/// As in float32; 1 from 5.95 on.
TENON_HOST_DEVICE double erf(double a) {
  const double t = abs(a);
  const double large = 1.0 - usual_exp(horner(log_erfc64_c, (t < 5.95 ? t : 5.95) - 3.0));
  const double r = t < 1.0 ? fma(horner(erf64_c, t * t), t, t) : large;
  return a == a ? with_sign(r, a) : a;
}

/// atan(q) for 0 <= q <= 1; from tan(pi/8) on pi/4 + atan((q - 1) / (q + 1)).
TENON_HOST_DEVICE double atan_unit(double q) {
  const bool far = q > 0x1.a827999fcef32p-2;
  const double t = far ? (q - 1.0) / (q + 1.0) : q, s = t * t;
  const double r = fma(horner(atan64_c, s), t * s, t);
  return far ? 0.5 * half_pi64[0] + (r + 0.5 * half_pi64[1]) : r;
}
TENON_HOST_DEVICE double atan2(double y, double x) {
  return from_octant(atan_unit(slope_in_octant(y, x)), y, x, half_pi64[0], half_pi64[1]);
}

/// With both numbers scaled so that their squares neither overflow nor lose bits.
TENON_HOST_DEVICE double hypot(double a, double b) {
  const double t = abs(a), u = abs(b), big = t > u ? t : u;
  const double up = big > 0x1p500 ? 0x1p-600 : big < 0x1p-400 ? 0x1p600 : 1.0;
  const double down = big > 0x1p500 ? 0x1p600 : big < 0x1p-400 ? 0x1p-600 : 1.0;
  const double x = t * up, y = u * up;
  const double r = sqrt(fma(x, x, y * y)) * down;
  return ((t == infinity64) | (u == infinity64)) ? infinity64 : r;
}

/// C's fmod, as in float32, 11 bits at a time.
TENON_HOST_DEVICE double fmod(double a, double b) {
  const double t = abs(a), u = abs(b);
  if (!(t < infinity64) || !(u > 0.0)) return real(nan64);
  if (t < u) return a;
  const uint64_t x = bits(t), y = bits(u), normal = uint64_t{1} << 52;
  const int32_t x_exponent = x < normal ? 1 : static_cast<int32_t>(x >> 52),
                y_exponent = y < normal ? 1 : static_cast<int32_t>(y >> 52);
  const uint64_t divisor = y < normal ? y : (y & (normal - 1)) | normal;
  uint64_t rest = (x < normal ? x : (x & (normal - 1)) | normal) % divisor;
  for (int32_t left = x_exponent - y_exponent; left > 0; left -= 11)
    rest = (rest << (left < 11 ? left : 11)) % divisor;
  // The unit is 2^(y_exponent - 1075); if that is denormal, in two factors. The products are exact.
  const bool tiny = y_exponent <= 52;
  const double unit = real(static_cast<uint64_t>(y_exponent + (tiny ? 600 - 52 : -52)) << 52);
  return flip_sign(static_cast<double>(rest) * unit * (tiny ? 0x1p-600 : 1.0), a);
}

/// sigmoid(a) from exp(-|a|)
TENON_HOST_DEVICE double sigmoid_from(double a, double e) { return (a < 0.0 ? e : 1.0) / (1.0 + e); }
TENON_HOST_DEVICE double sigmoid(double a) { return sigmoid_from(a, exp(-abs(a))); }
TENON_HOST_DEVICE double usual_sigmoid(double a) { return sigmoid_from(a, usual_exp(-abs(a))); }

/// sin of the angle r + quadrant * pi/2, for |r| up to slightly more than pi/4.
TENON_HOST_DEVICE double sin_quadrant(double r, uint64_t quadrant) {
  const double s = r * r;
  double c = fma(horner(cos64_c, s), s, -0.5);
  c = fma(c, s, 1.0);
  const double p = fma(horner(sin64_c, s), r * s, r);
  return real(bits(quadrant & 1u ? c : p) ^ (quadrant & 2u) << 62);
}

/// Whether subtracting multiples of pi/2 in three terms is accurate (Cody and Waite); the first difference is
/// exact.
TENON_HOST_DEVICE bool is_near(double x) { return abs(x) < 0x1p30; }

/// sin(|x|), or cos(x) with ahead = 1, for x with is_near(x).
TENON_HOST_DEVICE double sin_near(double x, uint32_t ahead) {
  const double t = abs(x), m = fma(t, two_over_pi64, magic64), q = m - magic64;
  double r = fma(q, -half_pi64[0], t);
  r = fma(q, -half_pi64[1], r);
  r = fma(q, -half_pi64[2], r);
  return sin_quadrant(r, bits(m) + ahead);
}

/// 64 zeros, then the bits of 1 / (2 pi) after the point.
TENON_CONSTANTS uint64_t turns_per_radian[] = {0, 0x28be60db9391054a, 0x7f09d5f47d4d3770, 0x36d8a5664f10e410,
    0x7f9458eaf7aef158, 0x6dc91b8e909374b8, 0x01924bba82746487, 0x3f877ac72c4a69cf, 0xba208d7d4baed121,
    0x3a671c09ad17df90, 0x4e64758e60d4ce7d, 0x272117e2ef7e4a0e, 0xc7fe25fff7816603, 0xfbcbc462d6829b47,
    0xdb4d9fb3c9f2c26d, 0xd3d18fd9a797fa8b, 0x5d49eeb1faf97c5e, 0xcf41ce7de294a4ba, 0x9afed7ec47e35742,
    0x1580cc11bf1edaea};

/// sin(|x|), or cos(x) with ahead = 1, for the other x: |x| times the relevant bits of 1 / (2 pi) (Payne and
/// Hanek), 128 bits after the point.
TENON_HOST_DEVICE double sin_far(double x, uint32_t ahead) {
  if (!(abs(x) < infinity64)) return real(nan64);
  const uint64_t mantissa = bits(x) << 11 | sign64;
  const uint32_t exponent = (static_cast<uint32_t>(bits(x) >> 52) & 0x7ffu) - 1022u, word = exponent >> 6,
                 shift = exponent & 63u;
  using Wide = unsigned __int128;
  const auto at = [&](uint32_t i) {
    return static_cast<uint64_t>(
        (static_cast<Wide>(turns_per_radian[word + i]) << 64 | turns_per_radian[word + i + 1]) << shift >>
        64);
  };
  Wide p = static_cast<Wide>(mantissa) * at(2);
  p = static_cast<Wide>(mantissa) * at(1) + (p >> 64);
  p += static_cast<Wide>(mantissa * at(0)) << 64;  // turns
  const uint64_t quadrant = (static_cast<uint64_t>(p >> 64) + (uint64_t{1} << 61)) >> 62;
  p <<= 2;
  // The fraction of a quadrant, in three parts that are exact doubles.
  const double high = static_cast<double>(static_cast<int64_t>(p >> 64) >> 32) * 0x1p-32;
  const double middle = static_cast<double>(static_cast<uint32_t>(p >> 64)) * 0x1p-64;
  const double low = static_cast<double>(static_cast<int64_t>(static_cast<uint64_t>(p) >> 11)) * 0x1p-117;
  const TwoDoubles f = sum(high, middle + low);
  const double r = fma(f.high, half_pi64[0], fma(f.high, half_pi64[1], f.low * half_pi64[0]));
  return sin_quadrant(r, quadrant + ahead);
}

TENON_HOST_DEVICE double sin(double x) { return flip_sign(is_near(x) ? sin_near(x, 0) : sin_far(x, 0), x); }
TENON_HOST_DEVICE double cos(double x) { return is_near(x) ? sin_near(x, 1) : sin_far(x, 1); }

/// log2(a) for finite a > 0, within 2^-66: e + 2 / log(2) atanh(q), q = (m - 1) / (m + 1).
TENON_HOST_DEVICE TwoDoubles log2_twice(double a) {
  double e;
  const double m = split(a, half_root64, e), f = m - 1.0;
  const TwoDoubles divisor = sum(1.0, m);  // m may be larger than 1, but the error is a double all the same
  TwoDoubles q = {f / divisor.high, 0.0};
  q.low = fma(-q.high, divisor.low, fma(-q.high, divisor.high, f)) / divisor.high;
  const TwoDoubles z = q * q;
  TwoDoubles r = sum(log2_c3[0], horner(log2_64_c, z.high) * z.high);
  r.low += log2_c3[1];
  const TwoDoubles rz = r * z;
  r = sum(log2_c1[0], rz.high);
  r.low += rz.low + log2_c1[1];
  const TwoDoubles rq = r * q;
  r = sum(e, rq.high);
  r.low += rq.low;
  return r;
}

TENON_HOST_DEVICE double log2(double a) {
  const TwoDoubles l = log2_twice(a);
  double r = l.high + l.low;
  r = a > 0.0 ? r : a == 0.0 ? -infinity64 : real(nan64);
  return a < infinity64 ? r : a;
}

/// 2^(x + error) for -1200 <= x <= 1200
TENON_HOST_DEVICE double exp2_sum(double x, double error) {
  const double n = x + magic64, f = (x - (n - magic64)) + error;
  return scale(fma(horner(exp2_64_c, f), f, 1.0), n);
}
TENON_HOST_DEVICE double exp2(double a) {
  return exp2_sum(a < -1200.0 ? -1200.0 : a > 1200.0 ? 1200.0 : a, 0.0);
}

/// C's pow, with the special cases of float32; 2^(b log2(a)) with log2 as a sum of two doubles.
TENON_HOST_DEVICE double pow(double a, double b) {
  const double t = abs(a);
  const TwoDoubles l = log2_twice(t);
  const double high = t == 0.0 ? -infinity64 : t < infinity64 ? l.high : t;
  const double x = high * b, error = fma(b, l.low, fma(high, b, -x));
  const double clamped = x < -1200.0 ? -1200.0 : x > 1200.0 ? 1200.0 : x;
  const double r = exp2_sum(clamped, clamped == x ? error : 0.0);
  // The last integer bit of b, and its fraction bits.
  const uint64_t biased = bits(b) >> 52 & 0x7ffu;
  const uint64_t shift = biased < 1023u ? 0 : biased > 1023u + 53u ? 53 : biased - 1023u;
  const uint64_t point = (bits(b) << 11 | sign64) << shift, fraction = biased < 1023u ? 1u : point << 1;
  const uint64_t flip = fraction == 0 ? point & bits(a) & sign64 : 0u;
  return pow_cases(a, b, r, fraction == 0, flip);
}

}  // namespace tenon::num
