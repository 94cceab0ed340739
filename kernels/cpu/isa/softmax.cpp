// The step of the gradients of softmax that is neither an elementwise loop nor a reduction.
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

}  // namespace

void add_softmax(Table& table) {
  table.f32.subtract_products = subtract_products;
  table.f64.subtract_products = subtract_products;
}

}  // namespace tenon::kernels::cpu::TENON_ISA
