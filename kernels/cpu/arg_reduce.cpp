// Positions of extremes. Which elements take the place of the best one so far is a comparison that the
// compiler vectorises; only blocks where one does are read again, element by element.
#include <tenon/kernels/arg_reduce.h>

#include <algorithm>
#include <type_traits>
#include <vector>

#include <tenon/core/parallel.h>
#include <tenon/kernels/cpu/dispatch.h>

namespace tenon::kernels::cpu {
namespace {

constexpr std::int64_t grain = 32768, block = 256;

/// Whether x, which comes later, takes the place of `best`, which is not NaN. True for NaN.
template <bool Largest, class T>
bool wins(T x, T best) {
  return Largest ? !(x <= best) : !(x >= best);
}

/// The position in [begin, end) of consecutive elements.
template <bool Largest, class T>
std::int64_t in_line(const T* a, std::int64_t begin, std::int64_t end) {
  std::int64_t at = begin;
  T best = a[at];
  for (std::int64_t i = begin; i < end && best == best; i += block) {
    const std::int64_t stop = std::min(end, i + block);
    unsigned some = 0;
    for (std::int64_t j = i; j < stop; ++j) some |= static_cast<unsigned>(wins<Largest>(a[j], best));
    if (!some) continue;
    for (std::int64_t j = i; j < stop && best == best; ++j)
      if (wins<Largest>(a[j], best)) best = a[j], at = j;
  }
  return at;
}

/// The first of n elements for which f is true; there is one.
template <class T, class F>
std::int64_t first_with(const T* a, std::int64_t n, const F& f) {
  constexpr std::int64_t together = 64;  // a number that the compiler knows, so that it vectorises
  std::int64_t i = 0;
  for (; i + together <= n; i += together) {
    unsigned some = 0;
    for (std::int64_t j = 0; j < together; ++j) some |= static_cast<unsigned>(f(a[i + j]));
    if (some) break;
  }
  while (!f(a[i])) ++i;
  return i;
}

/// The positions of the largest elements of lines of n: their values come from a loop of the table.
template <class T>
void largest_in_lines(std::int64_t lines, std::int64_t n, std::int64_t* out, const T* a) {
  constexpr std::int64_t together = 64;
  T largest[together];
  for (std::int64_t l = 0; l < lines; l += together) {
    const std::int64_t count = std::min(together, lines - l);
    cpu_table().of<T>().reduce[arith::ReduceOps::index_of<arith::Amax>()].rows(
        count, n, a + l * n, n, nullptr, 0, largest, scratch);
    for (std::int64_t k = 0; k < count; ++k) {
      const T* const line = a + (l + k) * n;
      const T value = largest[k];  // NaN if the line has one
      out[l + k] = value == value ? first_with(line, n, [value](T x) { return x == value; })
                                  : first_with(line, n, [](T x) { return x != x; });
    }
  }
}

/// Of `positions`, in ascending order, the first one with the extreme element.
template <bool Largest, class T>
std::int64_t first_of(const T* a, const std::int64_t* positions, std::int64_t count) {
  std::int64_t at = positions[0];
  for (std::int64_t k = 1; k < count && a[at] == a[at]; ++k)
    if (wins<Largest>(a[positions[k]], a[at])) at = positions[k];
  return at;
}

/// Lines of consecutive elements, each in pieces, which threads share.
template <bool Largest, class T>
void lines(const Indexed& layout, std::int64_t* out, const T* a) {
  const std::int64_t size = layout.size, pieces = (size + grain - 1) / grain;
  std::vector<std::int64_t> found(pieces > 1 ? static_cast<std::size_t>(layout.outer * pieces) : 0);
  std::int64_t* const to = pieces > 1 ? found.data() : out;
  parallel_for(layout.outer * pieces, std::max<std::int64_t>(1, grain / size),
      [&](std::int64_t begin, std::int64_t end) {
        if constexpr (Largest && std::is_floating_point_v<T>)
          if (pieces == 1) return largest_in_lines(end - begin, size, to + begin, a + begin * size);
        for (std::int64_t i = begin; i < end; ++i) {
          const std::int64_t first = i % pieces * grain;
          to[i] = in_line<Largest>(a + i / pieces * size, first, std::min(size, first + grain));
        }
      });
  if (pieces == 1) return;
  for (std::int64_t o = 0; o < layout.outer; ++o)
    out[o] = first_of<Largest>(a + o * size, to + o * pieces, pieces);
}

/// Neighbouring outputs belong to neighbouring elements: row by row.
template <bool Largest, class T>
void columns(const Indexed& layout, std::int64_t* out, const T* a) {
  const std::int64_t inner = layout.inner, blocks = (inner + block - 1) / block;
  parallel_for(layout.outer * blocks,
      std::max<std::int64_t>(1, grain / (layout.size * std::min(inner, block))),
      [&](std::int64_t begin, std::int64_t end) {
        T best[block];
        for (std::int64_t k = begin; k < end; ++k) {
          const std::int64_t o = k / blocks, j0 = k % blocks * block, n = std::min(block, inner - j0);
          const T* const from = a + o * layout.size * inner + j0;
          std::int64_t* const to = out + o * inner + j0;
          std::copy_n(from, n, best);
          std::fill_n(to, n, 0);
          for (std::int64_t i = 1; i < layout.size; ++i)
            for (std::int64_t j = 0; j < n; ++j) {
              const T x = from[i * inner + j];
              const bool takes = wins<Largest>(x, best[j]) && best[j] == best[j];
              best[j] = takes ? x : best[j];
              to[j] = takes ? i : to[j];
            }
        }
      });
}

template <bool Largest, class T>
void arg_extreme_of(const Indexed& layout, std::int64_t* out, const T* a) {
  if (layout.outer * layout.inner == 0) return;
  if (layout.inner == 1) lines<Largest>(layout, out, a);
  else columns<Largest>(layout, out, a);
}

}  // namespace

void arg_extreme(Stream, DType dtype, Indexed layout, bool largest, std::int64_t* out, const void* a) {
  visit_number("arg_extreme", dtype, [&]<class T>(std::type_identity<T>) {
    const T* const from = static_cast<const T*>(a);
    if (largest) arg_extreme_of<true>(layout, out, from);
    else arg_extreme_of<false>(layout, out, from);
  });
}

}  // namespace tenon::kernels::cpu
