#include <tenon/kernels/scan.h>

#include <algorithm>
#include <vector>

#include <tenon/core/parallel.h>
#include <tenon/kernels/arith/reduce.h>

namespace tenon::kernels::cpu {
namespace {

using arith::scan_chunk;
constexpr std::int64_t grain = 32768, widest = 64;

/// The running sums of `columns` <= Widest columns of n rows, whose distance is `row`. Threads share the
/// chunks. `out` may be `a`.
template <std::int64_t Widest, class T>
void scan(std::int64_t n, std::int64_t columns, T* out, const T* a, std::int64_t row) {
  const std::int64_t w = Widest == 1 ? 1 : columns;
  const std::int64_t chunks = arith::scan_chunks(n);
  std::vector<T> totals(chunks > 1 ? static_cast<std::size_t>(chunks * w) : 0);
  const std::int64_t at_once = std::max<std::int64_t>(1, grain / (scan_chunk * w));
  parallel_for(chunks, at_once, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t c = begin; c < end; ++c) {
      T sums[Widest] = {};
      for (std::int64_t i = c * scan_chunk; i < std::min(n, (c + 1) * scan_chunk); ++i)
        for (std::int64_t j = 0; j < w; ++j) out[i * row + j] = sums[j] = sums[j] + a[i * row + j];
      if (chunks > 1) std::copy_n(sums, w, totals.data() + c * w);
    }
  });
  if (chunks <= 1) return;
  scan<Widest>(chunks, w, totals.data(), totals.data(), w);
  parallel_for(chunks - 1, at_once, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t c = begin + 1; c < end + 1; ++c) {
      const T* const before = totals.data() + (c - 1) * w;
      for (std::int64_t i = c * scan_chunk; i < std::min(n, (c + 1) * scan_chunk); ++i)
        for (std::int64_t j = 0; j < w; ++j) out[i * row + j] = before[j] + out[i * row + j];
    }
  });
}

}  // namespace

void cumsum(Stream, DType dtype, Indexed layout, void* out, const void* a) {
  visit_number("cumsum", dtype, [&]<class T>(std::type_identity<T>) {
    using Sum = typename arith::SummedIn<T>::type;
    const std::int64_t inner = layout.inner, blocks = (inner + widest - 1) / widest;
    parallel_for(layout.outer * blocks,
        std::max<std::int64_t>(1, grain / (layout.size * std::min(inner, widest) + 1)),
        [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t k = begin; k < end; ++k) {
            const std::int64_t j = k % blocks * widest, at = k / blocks * layout.size * inner + j;
            Sum* const to = static_cast<Sum*>(out) + at;
            const Sum* const from = static_cast<const Sum*>(a) + at;
            if (inner == 1) scan<1>(layout.size, 1, to, from, 1);
            else scan<widest>(layout.size, std::min(widest, inner - j), to, from, inner);
          }
        });
  });
}

}  // namespace tenon::kernels::cpu
