// Random fills: 64 counters at a time, in loops that vectorise.
#include <tenon/kernels/arith/philox.h>
#include <tenon/kernels/cpu/isa/loop.h>
#include <tenon/kernels/cpu/isa/parts.h>

namespace tenon::kernels::cpu::TENON_ISA {
namespace {

constexpr int counters = 64;

/// Words of blocks first ... first + 63: word[c][i] is word c of block first + i.
TENON_INLINE void draw(uint64_t seed, uint64_t stream, uint64_t first, uint32_t (&word)[4][counters]) {
  for (int i = 0; i < counters; ++i) {
    const num::Block x = num::random_block(seed, stream, first + static_cast<unsigned>(i));
    word[0][i] = x.word[0], word[1][i] = x.word[1], word[2][i] = x.word[2], word[3][i] = x.word[3];
  }
}

/// Writes value[c][i] to out[i * Lanes + c] for the elements that exist.
template <class T, int Lanes>
TENON_INLINE void deal(const T (&value)[Lanes][counters], int64_t n, T* out) {
  if (n >= Lanes * counters) {
    for (int i = 0; i < counters; ++i)
      for (int c = 0; c < Lanes; ++c) out[i * Lanes + c] = value[c][i];
  } else {
    for (int i = 0; i < n; ++i) out[i] = value[i % Lanes][i / Lanes];
  }
}

void uniform_fill(int64_t begin, int64_t end, float* out, const RandomFill<float>& fill) {
  const RandomFill<float> f = fill;
  alignas(64) uint32_t word[4][counters];
  alignas(64) float value[4][counters];
  for (int64_t at = begin; at < end; at += 4 * counters) {
    draw(f.seed, f.stream, static_cast<uint64_t>(at) / 4, word);
    for (int c = 0; c < 4; ++c)
      for (int i = 0; i < counters; ++i)
        value[c][i] = num::between(f.low, f.high, f.width, num::uniform(word[c][i]));
    deal(value, end - at, out + at);
  }
}
void uniform_fill(int64_t begin, int64_t end, double* out, const RandomFill<double>& fill) {
  const RandomFill<double> f = fill;
  alignas(64) uint32_t word[4][counters];
  alignas(64) double value[2][counters];
  for (int64_t at = begin; at < end; at += 2 * counters) {
    draw(f.seed, f.stream, static_cast<uint64_t>(at) / 2, word);
    for (int c = 0; c < 2; ++c)
      for (int i = 0; i < counters; ++i)
        value[c][i] =
            num::between(f.low, f.high, f.width, num::uniform(num::pair(word[2 * c][i], word[2 * c + 1][i])));
    deal(value, end - at, out + at);
  }
}

void normal_fill(int64_t begin, int64_t end, float* out, const RandomFill<float>& fill) {
  const RandomFill<float> f = fill;
  alignas(64) uint32_t word[4][counters];
  alignas(64) float value[4][counters];
  for (int64_t at = begin; at < end; at += 4 * counters) {
    draw(f.seed, f.stream, static_cast<uint64_t>(at) / 4, word);
    for (int c = 0; c < 4; c += 2)
      for (int i = 0; i < counters; ++i) {
        const num::Pair<float> z = num::box_muller(word[c][i], word[c + 1][i]);
        value[c][i] = num::fma(f.width, z.first, f.low), value[c + 1][i] = num::fma(f.width, z.second, f.low);
      }
    deal(value, end - at, out + at);
  }
}
void normal_fill(int64_t begin, int64_t end, double* out, const RandomFill<double>& fill) {
  const RandomFill<double> f = fill;
  alignas(64) uint32_t word[4][counters];
  alignas(64) double value[2][counters];
  for (int64_t at = begin; at < end; at += 2 * counters) {
    draw(f.seed, f.stream, static_cast<uint64_t>(at) / 2, word);
    for (int i = 0; i < counters; ++i) {
      const num::Pair<double> z =
          num::box_muller(num::pair(word[0][i], word[1][i]), num::pair(word[2][i], word[3][i]));
      value[0][i] = num::fma(f.width, z.first, f.low), value[1][i] = num::fma(f.width, z.second, f.low);
    }
    deal(value, end - at, out + at);
  }
}

}  // namespace

void add_random(Table& table) {
  table.f32.random = {uniform_fill, normal_fill};
  table.f64.random = {uniform_fill, normal_fill};
}

}  // namespace tenon::kernels::cpu::TENON_ISA
