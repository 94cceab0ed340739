// Loops over the elements of a rectangle. The functors are scalar; the compiler vectorises the loops.
#pragma once
#include <tenon/kernels/cpu/isa/table.h>
#include <tenon/kernels/cpu/isa/vec.h>

// An operand is the result itself or does not overlap it: iterations are independent.
#if defined(__clang__)
#define TENON_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define TENON_INDEPENDENT _Pragma("GCC ivdep")
#endif

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

template <class To, class From, class F>
TENON_INLINE void loop(F f, const Layout& l, int64_t n, void* out, const void* a, const void* b) {
  for (int64_t r = 0; r < l.rows; ++r) {
    To* const o = at<To>(out, r, l.out);
    const From *const x = at<From>(a, r, l.a), *const y = at<From>(b, r, l.b);
    if (l.out.item == 1 && l.a.item == 1 && l.b.item == 1) {
      TENON_INDEPENDENT
      for (int64_t i = 0; i < n; ++i) o[i] = f(x[i], y[i]);
    } else if (l.out.item == 1 && l.a.item == 1 && l.b.item == 0) {
      if (n == 0) continue;
      const From v = *y;
      TENON_INDEPENDENT
      for (int64_t i = 0; i < n; ++i) o[i] = f(x[i], v);
    } else if (l.out.item == 1 && l.a.item == 0 && l.b.item == 1) {
      if (n == 0) continue;
      const From v = *x;
      TENON_INDEPENDENT
      for (int64_t i = 0; i < n; ++i) o[i] = f(v, y[i]);
    } else {
      for (int64_t i = 0; i < n; ++i) o[i * l.out.item] = f(x[i * l.a.item], y[i * l.b.item]);
    }
  }
}

template <class A, class T, class F>
TENON_INLINE void loop(
    F f, const Layout& l, int64_t n, void* out, const void* a, const void* b, const void* c) {
  for (int64_t r = 0; r < l.rows; ++r) {
    T* const o = at<T>(out, r, l.out);
    const A* const x = at<A>(a, r, l.a);
    const T *const y = at<T>(b, r, l.b), *const z = at<T>(c, r, l.c);
    if (l.out.item == 1 && l.a.item == 1 && l.b.item == 1 && l.c.item == 1) {
      TENON_INDEPENDENT
      for (int64_t i = 0; i < n; ++i) o[i] = f(x[i], y[i], z[i]);
    } else if (l.out.item == 1 && l.a.item == 0 && l.b.item == 1 && l.c.item == 1) {
      if (n == 0) continue;
      const A v = *x;
      TENON_INDEPENDENT
      for (int64_t i = 0; i < n; ++i) o[i] = f(v, y[i], z[i]);
    } else {
      for (int64_t i = 0; i < n; ++i)
        o[i * l.out.item] = f(x[i * l.a.item], y[i * l.b.item], z[i * l.c.item]);
    }
  }
}

template <class To, class From, class F>
void unary_loop(const Layout& l, int64_t n, void* out, const void* a) {
  loop<To, From>(F{}, l, n, out, a);
}

// Loops that work on blocks of their own: n elements, `step` apart, into a block, and back.
constexpr int64_t block = 64;
TENON_INLINE void take(float (&to)[block], const float* from, int64_t step, int64_t n) {
  if (step == 1)
    for (int64_t j = 0; j < n; ++j) to[j] = from[j];
  else
    for (int64_t j = 0; j < n; ++j) to[j] = from[j * step];
}
TENON_INLINE void put(const float (&from)[block], float* to, int64_t step, int64_t n) {
  if (step == 1)
    for (int64_t j = 0; j < n; ++j) to[j] = from[j];
  else
    for (int64_t j = 0; j < n; ++j) to[j * step] = from[j];
}

// float32 sin and cos: a block without a large argument takes the short reduction, which vectorises.
template <bool Cos>
void trig_loop(const Layout& l, int64_t n, void* out, const void* a) {
  for (int64_t r = 0; r < l.rows; ++r)
    for (int64_t i = 0; i < n; i += block) {
      const int64_t here = n - i < block ? n - i : block;
      float x[block] = {}, y[block];
      take(x, at<float>(a, r, l.a) + i * l.a.item, l.a.item, here);
      int far = 0;
      for (int64_t j = 0; j < block; ++j) far |= !(num::abs(x[j]) < num::sincos_near);
      if (far) {
        for (int64_t j = 0; j < here; ++j) y[j] = Cos ? num::cos(x[j]) : num::sin(x[j]);
      } else if (Cos) {
        for (int64_t j = 0; j < block; ++j) y[j] = num::sin_near(x[j], 1);
      } else {
        for (int64_t j = 0; j < block; ++j)
          y[j] = num::real(num::bits(num::sin_near(x[j], 0)) ^ (num::bits(x[j]) & 0x80000000u));
      }
      put(y, at<float>(out, r, l.out) + i * l.out.item, l.out.item, here);
    }
}

// float32 pow: with one exponent for all the compiler would take the choice of the special cases out of the
// loop, and then not vectorise it.
void pow_loop(const Layout& l, int64_t n, void* out, const void* a, const void* b) {
  for (int64_t r = 0; r < l.rows; ++r)
    for (int64_t i = 0; i < n; i += block) {
      const int64_t here = n - i < block ? n - i : block;
      float x[block] = {}, y[block] = {};
      take(x, at<float>(a, r, l.a) + i * l.a.item, l.a.item, here);
      take(y, at<float>(b, r, l.b) + i * l.b.item, l.b.item, here);
      for (int64_t j = 0; j < block; ++j) x[j] = num::pow(x[j], y[j]);
      put(x, at<float>(out, r, l.out) + i * l.out.item, l.out.item, here);
    }
}

template <class To, class From, class F>
void binary_loop(const Layout& l, int64_t n, void* out, const void* a, const void* b) {
  loop<To, From>(F{}, l, n, out, a, b);
}

// Which of two values is moved, not computed: the element is only its bytes.
template <class T>
void where_loop(const Layout& l, int64_t n, void* out, const void* a, const void* b, const void* c) {
  loop<uint8_t, T>(Where{}, l, n, out, a, b, c);
}

// Between rows and columns: squares, so that each cache line is used while it is there.
template <class T>
void move_loop(const Layout& l, int64_t n, void* out, const void* a) {
  constexpr int64_t side = 32;
  const bool across = l.out.item == 1 && l.a.row == 1 && l.rows >= 8 && n >= 8;
  if (!across)
    return loop<T, T>(
        [](T x) __attribute__((always_inline)) { return x; }, l, n, out, a);
  for (int64_t r = 0; r < l.rows; r += side)
    for (int64_t i = 0; i < n; i += side) {
      const int64_t rows = l.rows - r < side ? l.rows - r : side, items = n - i < side ? n - i : side;
      T* const o = at<T>(out, r, l.out) + i;
      const T* const x = at<T>(a, r, l.a) + i * l.a.item;
      for (int64_t q = 0; q < rows; ++q)
        for (int64_t j = 0; j < items; ++j) o[q * l.out.row + j] = x[q + j * l.a.item];
    }
}

template <class T>
TENON_INLINE T number(double x) {
  return static_cast<T>(x);
}
template <>
int64_t number<int64_t>(double x) {
  return num::to_int64(x);
}

template <class T>
void clamp_loop(const Layout& l, int64_t n, void* out, const void* a, double low, double high) {
  loop<T, T>(Clamp<T>{number<T>(low), number<T>(high)}, l, n, out, a);
}
template <class T>
void clamp_backward_loop(
    const Layout& l, int64_t n, void* out, const void* g, const void* a, double low, double high) {
  loop<T, T>(ClampBackward<T>{static_cast<T>(low), static_cast<T>(high)}, l, n, out, g, a);
}
template <class T, template <class> class F>
void scaled_loop(const Layout& l, int64_t n, void* out, const void* g, const void* a, const void* b,
    double scale, double count) {
  loop<T, T>(F<T>{static_cast<T>(scale), static_cast<T>(count)}, l, n, out, g, a, b);
}

template <class T>
void sgd_loop(int64_t n, T* param, const T* grad, T* buffer, const Sgd<T>& step) {
  const Sgd<T> s = step;
  if (buffer) {
    TENON_INDEPENDENT
    for (int64_t i = 0; i < n; ++i) s(param[i], grad[i], buffer[i]);
  } else {
    TENON_INDEPENDENT
    for (int64_t i = 0; i < n; ++i) s(param[i], grad[i]);
  }
}

}  // namespace
}  // namespace tenon::kernels::cpu::TENON_ISA
