// Steps along rows that are neither elementwise loops nor reductions (kernels/cpu/row_loops.h).
#include <tenon/kernels/cpu/isa/parts.h>
#include <tenon/kernels/cpu/isa/vec.h>

namespace tenon::kernels::cpu::TENON_ISA {
namespace {

template <class T>
void subtract_products(int64_t rows, int64_t n, T* out, const T* a, const T* b, const T* c) {
  for (int64_t r = 0; r < rows; ++r, out += n, a += n, b += n) {
    const V<T> factor = set1(c[r]);
    int64_t j = 0;
    for (; j + W<T> <= n; j += W<T>) store(out + j, load(a + j) - load(b + j) * factor);
    if (j < n) store(out + j, load(a + j, n - j) - load(b + j, n - j) * factor, n - j);
  }
}

template <class T>
void scale_and_shift(
    int64_t rows, int64_t n, T* out, T* y, const T* a, const T* c, const T* weight, const T* bias) {
  for (int64_t r = 0; r < rows; ++r, out += n, y += n, a += n) {
    const V<T> factor = set1(c[r]);
    const auto step = [&](int64_t j, auto... count) {
      const V<T> product = load(a + j, count...) * factor;
      store(y + j, product, count...);
      store(out + j, product * load(weight + j, count...) + load(bias + j, count...), count...);
    };
    int64_t j = 0;
    for (; j + W<T> <= n; j += W<T>) step(j);
    if (j < n) step(j, n - j);
  }
}

}  // namespace

void add_row_steps(Table& table) {
  table.f32.subtract_products = subtract_products;
  table.f64.subtract_products = subtract_products;
  table.f32.scale_and_shift = scale_and_shift;
  table.f64.scale_and_shift = scale_and_shift;
}

}  // namespace tenon::kernels::cpu::TENON_ISA
