#include "roof_loops.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define TENON_JOIN(a, b) a##b
#define TENON_LOOPS(isa) TENON_JOIN(isa, _loops)

namespace bench {
namespace {

/// As wide as a register.
#if defined(__AVX512F__)
constexpr int width = 64;
#elif defined(__AVX__)
constexpr int width = 32;
#else
constexpr int width = 16;
#endif

/// An addition waits for the one before it, four cycles at two per cycle, so eight chains are the least.
template <class T>
T multiply_add(int64_t steps, T start) {
  using Vector [[gnu::vector_size(width)]] = T;
  constexpr int chains = 12;
  const Vector factor = Vector{} + T(0.5), term = Vector{} + T(1.25);
  // Each chain has a start of its own; the compiler would compute equal ones once.
  Vector s0 = Vector{} + start, s1 = s0 + T(1), s2 = s0 + T(2), s3 = s0 + T(3), s4 = s0 + T(4),
         s5 = s0 + T(5), s6 = s0 + T(6), s7 = s0 + T(7), s8 = s0 + T(8), s9 = s0 + T(9), s10 = s0 + T(10),
         s11 = s0 + T(11);
  const auto step = [&](Vector& s) { s = s * factor + term; };
  for (int64_t i = 0; i < steps * 24 * 32; i += chains * width) {
    step(s0), step(s1), step(s2), step(s3), step(s4), step(s5);
    step(s6), step(s7), step(s8), step(s9), step(s10), step(s11);
  }
  const Vector all = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11;
  return all[0];
}

/// A part of a line, as wide as a register: the compiler would pass wider vectors through memory.
using Part [[gnu::vector_size(width), gnu::may_alias]] = uint64_t;
const Part* parts(const Bits* line) { return reinterpret_cast<const Part*>(line); }
Part* parts(Bits* line) { return reinterpret_cast<Part*>(line); }

uint64_t read(const Bits* first, const Bits* last) {
  const Part *from = parts(first), *const end = parts(last);
  Part a{}, b{}, c{}, d{};
  for (; end - from >= 4; from += 4) {
    a |= from[0];
    b |= from[1];
    c |= from[2];
    d |= from[3];
  }
  for (; from != end; ++from) a |= *from;
  a |= b | (c | d);
  return a[0];
}

void write(Bits* first, Bits* last, uint64_t value) {
  Part* const end = parts(last);
  for (Part* to = parts(first); to != end; ++to) *to = Part{} + value;
}

void write_through(Bits* to, Bits* end, uint64_t value) {
#if defined(__SSE2__)
  const __m128i bits = _mm_set1_epi64x(static_cast<long long>(value));
  for (auto* part = reinterpret_cast<__m128i*>(to); part != reinterpret_cast<__m128i*>(end); ++part)
    _mm_stream_si128(part, bits);
#else
  write(to, end, value);
#endif
}

void update(Bits* first, int64_t lines, uint64_t value) {
  Part* const end = parts(first + lines);
  for (Part* place = parts(first); place != end; ++place) *place += value;
}

template <void (*store)(Bits*, Bits*, uint64_t)>
uint64_t stream(const Bits* from, int64_t in, Bits* to, int64_t out, int64_t turn, uint64_t value) {
  const int64_t steps = (in > out ? in : out) / turn + 1;
  const double in_step = static_cast<double>(in) / static_cast<double>(steps),
               out_step = static_cast<double>(out) / static_cast<double>(steps);
  uint64_t bits = 0;
  for (int64_t i = 0, read_to = 0, written_to = 0; i < steps; ++i) {
    const bool last = i + 1 == steps;
    const int64_t read_end = last ? in : static_cast<int64_t>(static_cast<double>(i + 1) * in_step);
    const int64_t write_end = last ? out : static_cast<int64_t>(static_cast<double>(i + 1) * out_step);
    bits |= read(from + read_to, from + read_end);
    store(to + written_to, to + write_end, value);
    read_to = read_end, written_to = write_end;
  }
  return bits;
}

}  // namespace

const RoofLoops TENON_LOOPS(TENON_ISA){
    multiply_add<float>, multiply_add<double>, stream<write>, stream<write_through>, update};

}  // namespace bench
