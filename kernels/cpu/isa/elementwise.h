// Loops over the elements of a rectangle. The operations are scalar; the compiler vectorises the loops.
#pragma once
#include <tenon/kernels/cpu/isa/loop.h>
#include <tenon/kernels/cpu/isa/table.h>

namespace tenon::kernels::cpu::TENON_ISA {
namespace {

template <class T>
TENON_INLINE const T* at(const void* p, int64_t row, Step s) {
  return static_cast<const T*>(p) + row * s.row;
}
template <class T>
TENON_INLINE T* at(void* p, int64_t row, Step s) {
  return static_cast<T*>(p) + row * s.row;
}

template <class To, class From, class F>
TENON_INLINE void loop(F f, const Layout& l, int64_t n, void* out, const void* a) {
  for (int64_t r = 0; r < l.rows; ++r) {
    To* const o = at<To>(out, r, l.out);
    const From* const x = at<From>(a, r, l.a);
    if (l.out.item == 1 && l.a.item == 1) {
      TENON_INDEPENDENT
      for (int64_t i = 0; i < n; ++i) o[i] = f(x[i]);
    } else if (l.out.item == 1 && l.a.item == 0) {
      if (n == 0) continue;
      const To v = f(*x);
      TENON_INDEPENDENT
      for (int64_t i = 0; i < n; ++i) o[i] = v;
    } else {
      for (int64_t i = 0; i < n; ++i) o[i * l.out.item] = f(x[i * l.a.item]);
    }
  }
}

}  // namespace
}  // namespace tenon::kernels::cpu::TENON_ISA
