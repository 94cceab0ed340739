// Random fills: the words of 64 counters at a time, then of 16; the loops over them are vectorised.
#include <tenon/kernels/arith/philox.h>
#include <tenon/kernels/cpu/isa/loop.h>
#include <tenon/kernels/cpu/isa/parts.h>
#include <tenon/kernels/cpu/isa/vec.h>

namespace tenon::kernels::cpu::TENON_ISA {
namespace {

/// num::random_block for W<double> counters from `first` on: a word is the lower half of a lane.
struct Blocks {
  Words64 word[4];
};
TENON_INLINE Blocks random_blocks(uint64_t seed, uint64_t stream, uint64_t first) {
  Words64 index{};
  for (int lane = 0; lane < W<double>; ++lane) index[lane] = first + static_cast<uint64_t>(lane);
  Words64 c0 = index, c1 = index >> 32, c2 = Words64{} + stream, c3 = c2 >> 32;
  num::philox_rounds(
      c0, c1, c2, c3, num::PhiloxKey{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)}, 10,
      [](uint32_t a, Words64 b, Words64 & high) __attribute__((always_inline)) {
        const Words64 p = multiply_lower(Words64{} + a, b);
        high = p >> 32;
        return p;
      });
  return {{c0, c1, c2, c3}};
}

/// The words of N blocks, in the order of the elements that are made of them: one 32-bit word each, or a
/// 64-bit word that consists of two.
template <class Word, int N>
struct RandomWords {
  static constexpr int size = N * 16 / sizeof(Word);
  alignas(64) Word of[size];

  TENON_INLINE_MEMBER RandomWords(uint64_t seed, uint64_t stream, uint64_t first) {
    uint64_t even[N], odd[N];
    for (int i = 0; i < N; i += W<double>) {
      const Blocks x = random_blocks(seed, stream, first + static_cast<uint64_t>(i));
      store(even + i, (x.word[0] & 0xffffffffu) | x.word[1] << 32);
      store(odd + i, (x.word[2] & 0xffffffffu) | x.word[3] << 32);
    }
    uint64_t both[2 * N];
    for (int i = 0; i < N; ++i) both[2 * i] = even[i], both[2 * i + 1] = odd[i];
    __builtin_memcpy(of, both, sizeof both);
  }
};

/// Fills elements [begin, end) of a call into out[0 ...]. compute(words, to, n) makes n elements.
template <class Word, class T, class Compute>
TENON_INLINE void fill(int64_t begin, int64_t end, T* out, uint64_t seed, uint64_t stream, Compute compute) {
  const auto words = [&]<int N>(int64_t at) __attribute__((always_inline)) {
    return RandomWords<Word, N>(seed, stream, static_cast<uint64_t>(at) * sizeof(Word) / 16);
  };
  constexpr int64_t many = RandomWords<Word, 64>::size, few = RandomWords<Word, 16>::size;
  int64_t at = begin;
  for (; end - at >= many; at += many) {
    auto x = words.template operator()<64>(at);
    compute(x.of, out + (at - begin), many);
  }
  for (; at < end; at += few) {
    alignas(64) T some[few];
    auto x = words.template operator()<16>(at);
    compute(x.of, some, few);
    for (int64_t i = 0; i < few && i < end - at; ++i) out[at - begin + i] = some[i];
  }
}

/// The words of uniform and normal numbers.
template <class T>
struct WordOf {
  using type = uint64_t;
};
template <>
struct WordOf<float> {
  using type = uint32_t;
};

template <class T>
void uniform_fill(int64_t begin, int64_t end, T* out, const RandomFill<T>& parameters) {
  using Word = typename WordOf<T>::type;
  const RandomFill<T> f = parameters;
  fill<Word>(
      begin, end, out + begin, f.seed,
      f.stream, [f](const Word* words, T* to, int64_t n) __attribute__((always_inline)) {
        TENON_INDEPENDENT
        for (int64_t i = 0; i < n; ++i) to[i] = num::between(f.low, f.high, f.width, num::uniform(words[i]));
      });
}

template <class T>
void normal_fill(int64_t begin, int64_t end, T* out, const RandomFill<T>& parameters) {
  using Word = typename WordOf<T>::type;
  const RandomFill<T> f = parameters;
  fill<Word>(
      begin, end, out + begin, f.seed,
      f.stream, [f](const Word* words, T* to, int64_t n) __attribute__((always_inline)) {
        TENON_INDEPENDENT
        for (int64_t i = 0; i < n; i += 2) {
          const num::Pair<T> z = num::box_muller(words[i], words[i + 1]);
          to[i] = num::fma(f.width, z.first, f.low);
          to[i + 1] = num::fma(f.width, z.second, f.low);
        }
      });
}

/// num::below for a range of less than 2^32: without a product of 128 bits.
TENON_INLINE Words64 below(Words64 range, Words64 word) {
  return (multiply_lower(range, word >> 32) + (multiply_lower(range, word) >> 32)) >> 32;
}

template <class T>
void integers(
    int64_t begin, int64_t end, T* out, uint64_t seed, uint64_t stream, const arith::IntegerDraw& numbers) {
  const arith::IntegerDraw draw = numbers;
  const auto with = [&](auto drawn) __attribute__((always_inline)) {
    fill<uint64_t>(
        begin, end, out + begin, seed, stream,
        [ draw, drawn ](uint64_t * words, T * to, int64_t n) __attribute__((always_inline)) {
          drawn(words, n);
          TENON_INDEPENDENT
          for (int64_t i = 0; i < n; ++i) to[i] = static_cast<T>(static_cast<int64_t>(draw.low + words[i]));
        });
  };
  if (draw.range >> 32 == 0)
    with([draw](uint64_t * words, int64_t n) __attribute__((always_inline)) {
      for (int64_t i = 0; i < n; i += W<double>)
        store(words + i, below(Words64{} + draw.range, load(words + i)));
    });
  else
    with([draw](uint64_t * words, int64_t n) __attribute__((always_inline)) {
      for (int64_t i = 0; i < n; ++i) words[i] = num::below(draw.range, words[i]);
    });
}

void random_bits(int64_t begin, int64_t end, uint64_t* out, uint64_t seed, uint64_t stream) {
  fill<uint64_t>(
      begin, end, out, seed, stream,
      [](const uint64_t* words, uint64_t* to, int64_t n) __attribute__((always_inline)) {
        for (int64_t i = 0; i < n; ++i) to[i] = words[i];
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
