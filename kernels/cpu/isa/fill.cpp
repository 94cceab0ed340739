// Fills in which element i is a function of i. Indices are counted in the element type's arithmetic: AVX2
// cannot convert int64 to double.
#include <tenon/kernels/cpu/isa/loop.h>
#include <tenon/kernels/cpu/isa/parts.h>

namespace tenon::kernels::cpu::TENON_ISA {
namespace {

/// out[i] = at(i) for begin <= i < end, with i as a double, which is exact below 2^53.
template <class T, class At>
TENON_INLINE void by_index(int64_t begin, int64_t end, T* out, At at) {
  constexpr int block = 1024;
  for (int64_t first = begin; first < end; first += block) {
    const double base = static_cast<double>(first);
    T* const to = out + first;
    const int n = static_cast<int>(end - first < block ? end - first : block);
    for (int j = 0; j < n; ++j) to[j] = static_cast<T>(at(base + static_cast<double>(j)));
  }
}

template <class T>
void arange(int64_t begin, int64_t end, T* out, const arith::Arange<T>& values) {
  const arith::Arange<T> v = values;
  if constexpr (arith::is_same<T, int64_t>)
    for (int64_t i = begin; i < end; ++i) out[i] = v(i);
  else
    by_index(
        begin, end, out, [v](double i) __attribute__((always_inline)) { return v.at(i); });
}

template <class T>
void linspace(int64_t begin, int64_t end, T* out, const arith::Linspace& values) {
  const arith::Linspace v = values;
  const int64_t middle = v.middle() < begin ? begin : v.middle() < end ? v.middle() : end;
  by_index(
      begin, middle, out, [v](double i) __attribute__((always_inline)) { return v.from_start(i); });
  by_index(
      middle, end, out, [v](double i) __attribute__((always_inline)) { return v.from_end(i); });
}

}  // namespace

void add_fill(Table& table) {
  table.f32.fill.arange = arange<float>;
  table.f64.fill.arange = arange<double>;
  table.fill_int64.arange = arange<int64_t>;
  table.f32.fill.linspace = linspace<float>;
  table.f64.fill.linspace = linspace<double>;
}

}  // namespace tenon::kernels::cpu::TENON_ISA
