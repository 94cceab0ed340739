#include <tenon/kernels/scan.h>

#include <algorithm>
#include <type_traits>
#include <vector>

#include <tenon/core/parallel.h>
#include <tenon/kernels/arith/reduce.h>
#include <tenon/kernels/cpu/dispatch.h>

namespace tenon::kernels::cpu {
namespace {

using arith::scan_chunk;
constexpr std::int64_t grain = 32768, widest = 64;

/// The running sums of lines of n consecutive elements, one after the other. Four at a time: each addition of
/// a line waits for the one before it. `out` may be `a`.
template <class T>
void chains(std::int64_t lines, std::int64_t n, T* out, const T* a) {
  std::int64_t l = 0;
  for (; l + 4 <= lines; l += 4, a += 4 * n, out += 4 * n) {
    T sums[4] = {};
    for (std::int64_t i = 0; i < n; ++i)
#pragma GCC unroll 4
      for (int q = 0; q < 4; ++q) out[q * n + i] = sums[q] = sums[q] + a[q * n + i];
  }
  for (; l < lines; ++l, a += n, out += n) {
    T sum = 0;
    for (std::int64_t i = 0; i < n; ++i) out[i] = sum = sum + a[i];
  }
}

/// The same of one line in chunks, which threads share.
template <class T>
void scan_line(std::int64_t n, T* out, const T* a) {
  if (n <= scan_chunk) return chains(1, n, out, a);
  const std::int64_t chunks = arith::scan_chunks(n), at_once = grain / scan_chunk;
  // f(first element, number of lines, their length) for the full chunks in a range, and for the last one.
  const auto in_chunks = [&](std::int64_t first, const auto& f) {
    parallel_for(chunks - first, at_once, [&](std::int64_t begin, std::int64_t end) {
      const std::int64_t from = (first + begin) * scan_chunk, to = std::min(n, (first + end) * scan_chunk),
                         full = (to - from) / scan_chunk, rest = (to - from) % scan_chunk;
      f(from, full, scan_chunk);
      if (rest) f(to - rest, 1, rest);
    });
  };
  in_chunks(0, [&](std::int64_t at, std::int64_t lines, std::int64_t length) {
    chains(lines, length, out + at, a + at);
  });
  std::vector<T> totals(static_cast<std::size_t>(chunks));
  for (std::int64_t c = 0; c < chunks; ++c)
    totals[static_cast<std::size_t>(c)] = out[std::min(n, (c + 1) * scan_chunk) - 1];
  scan_line(chunks, totals.data(), totals.data());
  using Element = std::conditional_t<std::is_unsigned_v<T>, std::int64_t, T>;  // integers wrap around
  const auto add =
      cpu_table().elementwise.binary[Elements::index_of<Element>()][arith::BinaryOps::index_of<arith::Add>()];
  in_chunks(1, [&](std::int64_t at, std::int64_t lines, std::int64_t length) {
    add({lines, {length, 1}, {1, 0}, {length, 1}, {0, 1}}, length, out + at,
        totals.data() + at / scan_chunk - 1, out + at, {});
  });
}

/// The running sums of up to `widest` columns of n rows, whose distance is `row`, likewise.
template <class T>
void scan_columns(std::int64_t n, std::int64_t columns, T* out, const T* a, std::int64_t row) {
  const std::int64_t chunks = arith::scan_chunks(n),
                     at_once = std::max<std::int64_t>(1, grain / (scan_chunk * columns));
  std::vector<T> totals(chunks > 1 ? static_cast<std::size_t>(chunks * columns) : 0);
  parallel_for(chunks, at_once, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t c = begin; c < end; ++c) {
      T sums[widest] = {};
      for (std::int64_t i = c * scan_chunk; i < std::min(n, (c + 1) * scan_chunk); ++i)
        for (std::int64_t j = 0; j < columns; ++j) out[i * row + j] = sums[j] = sums[j] + a[i * row + j];
      if (chunks > 1) std::copy_n(sums, columns, totals.data() + c * columns);
    }
  });
  if (chunks <= 1) return;
  scan_columns(chunks, columns, totals.data(), totals.data(), columns);
  parallel_for(chunks - 1, at_once, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t c = begin + 1; c < end + 1; ++c) {
      const T* const before = totals.data() + (c - 1) * columns;
      for (std::int64_t i = c * scan_chunk; i < std::min(n, (c + 1) * scan_chunk); ++i)
        for (std::int64_t j = 0; j < columns; ++j) out[i * row + j] = before[j] + out[i * row + j];
    }
  });
}

}  // namespace

void cumsum(Stream, DType dtype, Indexed layout, void* out, const void* a) {
  visit_number("cumsum", dtype, [&]<class T>(std::type_identity<T>) {
    using Sum = typename arith::SummedIn<T>::type;
    Sum* const to = static_cast<Sum*>(out);
    const Sum* const from = static_cast<const Sum*>(a);
    const std::int64_t n = layout.size, inner = layout.inner, blocks = (inner + widest - 1) / widest;
    const std::int64_t at_once = std::max<std::int64_t>(1, grain / (n * std::min(inner, widest) + 1));
    parallel_for(layout.outer * blocks, at_once, [&](std::int64_t begin, std::int64_t end) {
      if (inner == 1 && n <= scan_chunk) return chains(end - begin, n, to + begin * n, from + begin * n);
      for (std::int64_t k = begin; k < end; ++k) {
        const std::int64_t j = k % blocks * widest, at = k / blocks * n * inner + j;
        if (inner == 1) scan_line(n, to + at, from + at);
        else scan_columns(n, std::min(widest, inner - j), to + at, from + at, inner);
      }
    });
  });
}

}  // namespace tenon::kernels::cpu
