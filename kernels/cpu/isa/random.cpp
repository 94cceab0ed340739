// Random fills: 64 counters at a time, then 16, in loops that vectorise.
#include <tenon/kernels/arith/philox.h>
#include <tenon/kernels/cpu/isa/loop.h>
#include <tenon/kernels/cpu/isa/parts.h>

namespace tenon::kernels::cpu::TENON_ISA {
namespace {

/// The words of N blocks: word[c][i] is word c of block i.
template <int N>
struct Words {
  alignas(64) uint32_t word[4][N];

  TENON_INLINE_MEMBER Words(uint64_t seed, uint64_t stream, uint64_t first) {
    for (int i = 0; i < N; ++i) {
      const num::Block x = num::random_block(seed, stream, first + static_cast<unsigned>(i));
      word[0][i] = x.word[0], word[1][i] = x.word[1], word[2][i] = x.word[2], word[3][i] = x.word[3];
    }
  }
  /// Element c of block i as random bits: one word for float, two for the others.
  template <class T>
  TENON_INLINE_MEMBER auto bits(int c, int i) const {
    if constexpr (arith::is_same<T, float>) return word[c][i];
    else return num::pair(word[2 * c][i], word[2 * c + 1][i]);
  }
};

/// The elements per block: one per word for float, one per two words for the others.
template <class T>
constexpr int lanes = arith::is_same<T, float> ? 4 : 2;

/// Fills elements [begin, end) into out[0 ...]: compute(words, value) sets value[c][i], element c of block i,
/// for all blocks.
template <int Lanes, class T, class Compute>
TENON_INLINE void fill(int64_t begin, int64_t end, T* out, uint64_t seed, uint64_t stream, Compute compute) {
  const auto step = [&]<int N>(int64_t at, const Words<N>& words) __attribute__((always_inline)) {
    alignas(64) T value[Lanes][N];
    compute(words, value);
    T* const to = out + (at - begin);
    if (end - at >= Lanes * N) {
      for (int i = 0; i < N; ++i)
        for (int c = 0; c < Lanes; ++c) to[i * Lanes + c] = value[c][i];
    } else {
      for (int64_t i = 0; i < end - at; ++i) to[i] = value[i % Lanes][i / Lanes];
    }
  };
  const auto block_of = [](int64_t at) { return static_cast<uint64_t>(at) / Lanes; };
  int64_t at = begin;
  for (; end - at >= Lanes * 64; at += Lanes * 64) step(at, Words<64>(seed, stream, block_of(at)));
  for (; at < end; at += Lanes * 16) step(at, Words<16>(seed, stream, block_of(at)));
}

template <class T>
void uniform_fill(int64_t begin, int64_t end, T* out, const RandomFill<T>& parameters) {
  const RandomFill<T> f = parameters;
  fill<lanes<T>>(
      begin, end, out + begin, f.seed,
      f.stream, [f]<int N>(const Words<N>& words, T(&value)[lanes<T>][N]) __attribute__((always_inline)) {
        for (int c = 0; c < lanes<T>; ++c)
          for (int i = 0; i < N; ++i)
            value[c][i] = num::between(f.low, f.high, f.width, num::uniform(words.template bits<T>(c, i)));
      });
}

template <class T>
void normal_fill(int64_t begin, int64_t end, T* out, const RandomFill<T>& parameters) {
  const RandomFill<T> f = parameters;
  fill<lanes<T>>(
      begin, end, out + begin, f.seed,
      f.stream, [f]<int N>(const Words<N>& words, T(&value)[lanes<T>][N]) __attribute__((always_inline)) {
        for (int c = 0; c < lanes<T>; c += 2)
          for (int i = 0; i < N; ++i) {
            const num::Pair<T> z =
                num::box_muller(words.template bits<T>(c, i), words.template bits<T>(c + 1, i));
            value[c][i] = num::fma(f.width, z.first, f.low);
            value[c + 1][i] = num::fma(f.width, z.second, f.low);
          }
      });
}

template <class T>
void integers(
    int64_t begin, int64_t end, T* out, uint64_t seed, uint64_t stream, const arith::IntegerDraw& numbers) {
  const arith::IntegerDraw draw = numbers;
  const auto with = [&](auto below) __attribute__((always_inline)) {
    fill<2>(
        begin, end, out + begin, seed, stream,
        [ draw, below ]<int N>(const Words<N>& words, T(&value)[2][N]) __attribute__((always_inline)) {
          for (int c = 0; c < 2; ++c)
            for (int i = 0; i < N; ++i)
              value[c][i] = static_cast<T>(
                  static_cast<int64_t>(draw.low + below(draw.range, words.template bits<double>(c, i))));
        });
  };
  // Without a product of 128 bits where the range allows it, so that the loop vectorises.
  if (draw.range >> 32 == 0)
    with([](uint64_t range, uint64_t bits) __attribute__((always_inline)) {
      return ((bits >> 32) * range + ((bits & 0xffffffffu) * range >> 32)) >> 32;
    });
  else
    with(
        [](uint64_t range, uint64_t bits) __attribute__((always_inline)) { return num::below(range, bits); });
}

void random_bits(int64_t begin, int64_t end, uint64_t* out, uint64_t seed, uint64_t stream) {
  fill<2>(
      begin, end, out, seed, stream,
      []<int N>(const Words<N>& words, uint64_t(&value)[2][N]) __attribute__((always_inline)) {
        for (int c = 0; c < 2; ++c)
          for (int i = 0; i < N; ++i) value[c][i] = words.template bits<double>(c, i);
      });
}

template <class T>
void add_loops(Floating<T>& to) {
  to.random = {uniform_fill<T>, normal_fill<T>};
  to.fill.integers = integers<T>;
}

}  // namespace

void add_random(Table& table) {
  add_loops(table.f32);
  add_loops(table.f64);
  table.fill_int64.integers = integers<int64_t>;
  table.random_bits = random_bits;
}

}  // namespace tenon::kernels::cpu::TENON_ISA
