// Random numbers that depend on (seed, stream, index) alone: Philox4x32-10 (Salmon et al., SC'11) and
// Box-Muller. Shared by the CPU, the CUDA kernels and their emulation, under the rules of
// kernels/arith/math.h.
#pragma once
#include <tenon/kernels/arith/float32.h>
#include <tenon/kernels/arith/float64.h>

namespace tenon::num {

inline constexpr float pi = 0x1.921fb6p+1f;
inline constexpr double pi64 = 0x1.921fb54442d18p+1;
TENON_CONSTANTS float sin_turn_c[] = {-0x1.4abc22p+2f, 0x1.467f9ap+1f, -0x1.32e438p-1f};
TENON_CONSTANTS float cos_turn_c[] = {-0x1.3bd3ccp+2f, 0x1.03c1bp+2f, -0x1.55b2b2p+0f, 0x1.d4f47ap-3f};
TENON_CONSTANTS double sin_turn64_c[] = {-0x1.4abbce625bdafp+2, 0x1.466bc6774b279p+1, -0x1.32d2ccd4a3f7p-1,
    0x1.5078221506e4fp-4, -0x1.e2f430429dca3p-8, 0x1.dfdcb037288d7p-12};
TENON_CONSTANTS double cos_turn64_c[] = {-0x1.3bd3cc9be45dep+2, 0x1.03c1f081b5a52p+2, -0x1.55d3c7e3bfe56p+0,
    0x1.e1f50675b20b8p-3, -0x1.a6d1e238eb604p-6, 0x1.f9c4adbb6cd48p-10, -0x1.b0345c1cb3281p-14};

struct Block {
  uint32_t word[4];
};

/// The keys of the rounds, computed when they are needed.
struct PhiloxKey {
  uint32_t low, high;
  TENON_HOST_DEVICE_MEMBER uint32_t first(int round) const {
    return low + static_cast<uint32_t>(round) * 0x9e3779b9u;
  }
  TENON_HOST_DEVICE_MEMBER uint32_t second(int round) const {
    return high + static_cast<uint32_t>(round) * 0xbb67ae85u;
  }
};
/// The same, computed beforehand.
struct PhiloxKeys {
  uint32_t of_round[10][2];
  explicit PhiloxKeys(uint64_t seed) {
    const PhiloxKey key{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
    for (int i = 0; i < 10; ++i) of_round[i][0] = key.first(i), of_round[i][1] = key.second(i);
  }
  TENON_HOST_DEVICE_MEMBER uint32_t first(int round) const { return of_round[round][0]; }
  TENON_HOST_DEVICE_MEMBER uint32_t second(int round) const { return of_round[round][1]; }
};

/// The rounds of Philox on the words c0 to c3. product(a, b, high) is the lower word of a times b, and sets
/// the higher one. What a Word has above its 32 bits is ignored, and left undefined.
template <class Word, class Keys, class Product>
TENON_HOST_DEVICE void philox_rounds(
    Word& c0, Word& c1, Word& c2, Word& c3, const Keys& key, int rounds, Product product) {
  for (int i = 0; i < rounds; ++i) {
    Word p_high, q_high;
    const Word p = product(0xd2511f53u, c0, p_high), q = product(0xcd9e8d57u, c2, q_high);
    c0 = q_high ^ c1 ^ key.first(i);
    c1 = q;
    c2 = p_high ^ c3 ^ key.second(i);
    c3 = p;
  }
}

template <class Keys>
TENON_HOST_DEVICE Block philox(Block counter, const Keys& key, int rounds = 10) {
  philox_rounds(counter.word[0], counter.word[1], counter.word[2], counter.word[3], key, rounds,
      [](uint32_t a, uint32_t b, uint32_t& high) {
        const uint64_t p = uint64_t{a} * b;
        high = static_cast<uint32_t>(p >> 32);
        return static_cast<uint32_t>(p);
      });
  return counter;
}

/// Block `index` of a stream: counter (index, stream), key seed, low words first.
template <class Keys>
TENON_HOST_DEVICE Block random_block(const Keys& key, uint64_t stream, uint64_t index) {
  return philox({{static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32),
                    static_cast<uint32_t>(stream), static_cast<uint32_t>(stream >> 32)}},
      key);
}
TENON_HOST_DEVICE Block random_block(uint64_t seed, uint64_t stream, uint64_t index) {
  return random_block(
      PhiloxKey{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)}, stream, index);
}

/// Two words, the low one first.
TENON_HOST_DEVICE uint64_t pair(uint32_t low, uint32_t high) { return uint64_t{high} << 32 | low; }

/// [0, 1), a multiple of 2^-24.
TENON_HOST_DEVICE float uniform(uint32_t word) {
  return static_cast<float>(static_cast<int32_t>(word >> 8)) * 0x1p-24f;
}
/// n for n <= 2^53: an exact subtraction and an exact addition, as AVX2 cannot convert 64-bit integers. The
/// bits of n's halves become the low bits of 2^84 + (n / 2^32) 2^32 and of 2^52 + n mod 2^32.
TENON_HOST_DEVICE double exact(uint64_t n) {
  const double high = real(n >> 32 | 0x4530000000000000u),
               low = real((n & 0xffffffffu) | 0x4330000000000000u);
  return (high - (0x1p84 + 0x1p52)) + low;
}
/// [0, 1), a multiple of 2^-53.
TENON_HOST_DEVICE double uniform(uint64_t word) { return exact(word >> 11) * 0x1p-53; }

/// [low, high): corrects for the scaled u rounding to high, which is excluded.
template <class T>
TENON_HOST_DEVICE T between(T low, T high, T width, T u) {
  const T x = fma(width, u, low);
  return x < high ? x : low;
}

/// Uniform in [0, range): the high 64 bits of the product.
TENON_HOST_DEVICE uint64_t below(uint64_t range, uint64_t word) {
  return static_cast<uint64_t>(static_cast<unsigned __int128>(word) * range >> 64);
}

template <class T>
struct Pair {
  T first, second;
};

/// cos and sin of 2 pi u for u in [0, 1); the reduction is exact.
TENON_HOST_DEVICE Pair<float> cos_sin_turns(float u) {
  const float a = u + u, m = fma(u, 4.0f, magic), t = fma(-0.5f, m - magic, a),
              s = t * t;  // t half turns, |t| <= 1/4
  float c = fma(cos_turn_c[3], s, cos_turn_c[2]);
  c = fma(c, s, cos_turn_c[1]);
  c = fma(c, s, cos_turn_c[0]);
  c = fma(c, s, 1.0f);
  float p = fma(sin_turn_c[2], s, sin_turn_c[1]);
  p = fma(p, s, sin_turn_c[0]);
  p = fma(t, pi, (t * s) * p);
  const uint32_t q = bits(m);
  return {real(bits(q & 1u ? p : c) ^ ((q + 1u) & 2u) << 30), real(bits(q & 1u ? c : p) ^ (q & 2u) << 30)};
}

TENON_HOST_DEVICE Pair<double> cos_sin_turns(double u) {
  const double a = u + u, m = fma(u, 4.0, magic64), t = fma(-0.5, m - magic64, a), s = t * t;
  const double c = fma(horner(cos_turn64_c, s), s, 1.0);
  const double p = fma(t, pi64, (t * s) * horner(sin_turn64_c, s));
  const uint64_t q = bits(m);
  return {real(bits(q & 1u ? p : c) ^ ((q + 1u) & 2u) << 62), real(bits(q & 1u ? c : p) ^ (q & 2u) << 62)};
}

/// Two standard normals from two words.
TENON_HOST_DEVICE Pair<float> box_muller(uint32_t x, uint32_t y) {
  const float u = static_cast<float>(static_cast<int32_t>(x >> 8) + 1) * 0x1p-24f;  // (0, 1]
  const float radius = sqrt(-2.0f * usual_log(u));
  const Pair<float> angle = cos_sin_turns(uniform(y));
  return {radius * angle.first, radius * angle.second};
}
TENON_HOST_DEVICE Pair<double> box_muller(uint64_t x, uint64_t y) {
  const double u = exact((x >> 11) + 1) * 0x1p-53;  // (0, 1]
  const double radius = sqrt(-2.0 * usual_log(u));
  const Pair<double> angle = cos_sin_turns(uniform(y));
  return {radius * angle.first, radius * angle.second};
}

}  // namespace tenon::num
