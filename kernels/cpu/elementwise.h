// Loops over the elements of a rectangle. The functors are scalar; the compiler vectorises the loops (docs/kernels.md).
#pragma once
#include <tenon/kernels/cpu/table.h>
#include <tenon/kernels/cpu/vec.h>

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
TENON_INLINE void loop(F f, Extent e, void* out, Step so, const void* a, Step sa) {
  for (int64_t r = 0; r < e.rows; ++r) {
    To* const o = at<To>(out, r, so);
    const From* const x = at<From>(a, r, sa);
    if (so.item == 1 && sa.item == 1) {
      TENON_INDEPENDENT
      for (int64_t i = 0; i < e.items; ++i) o[i] = f(x[i]);
    } else if (so.item == 1 && sa.item == 0) {
      if (e.items == 0) continue;
      const To v = f(*x);
      TENON_INDEPENDENT
      for (int64_t i = 0; i < e.items; ++i) o[i] = v;
    } else {
      for (int64_t i = 0; i < e.items; ++i) o[i * so.item] = f(x[i * sa.item]);
    }
  }
}

template <class To, class From, class F>
TENON_INLINE void loop(F f, Extent e, void* out, Step so, const void* a, Step sa, const void* b, Step sb) {
  for (int64_t r = 0; r < e.rows; ++r) {
    To* const o = at<To>(out, r, so);
    const From *const x = at<From>(a, r, sa), *const y = at<From>(b, r, sb);
    if (so.item == 1 && sa.item == 1 && sb.item == 1) {
      TENON_INDEPENDENT
      for (int64_t i = 0; i < e.items; ++i) o[i] = f(x[i], y[i]);
    } else if (so.item == 1 && sa.item == 1 && sb.item == 0) {
      if (e.items == 0) continue;
      const From v = *y;
      TENON_INDEPENDENT
      for (int64_t i = 0; i < e.items; ++i) o[i] = f(x[i], v);
    } else if (so.item == 1 && sa.item == 0 && sb.item == 1) {
      if (e.items == 0) continue;
      const From v = *x;
      TENON_INDEPENDENT
      for (int64_t i = 0; i < e.items; ++i) o[i] = f(v, y[i]);
    } else {
      for (int64_t i = 0; i < e.items; ++i) o[i * so.item] = f(x[i * sa.item], y[i * sb.item]);
    }
  }
}

template <class A, class T, class F>
TENON_INLINE void loop(F f, Extent e, void* out, Step so, const void* a, Step sa, const void* b, Step sb, const void* c,
                       Step sc) {
  for (int64_t r = 0; r < e.rows; ++r) {
    T* const o = at<T>(out, r, so);
    const A* const x = at<A>(a, r, sa);
    const T *const y = at<T>(b, r, sb), *const z = at<T>(c, r, sc);
    if (so.item == 1 && sa.item == 1 && sb.item == 1 && sc.item == 1) {
      TENON_INDEPENDENT
      for (int64_t i = 0; i < e.items; ++i) o[i] = f(x[i], y[i], z[i]);
    } else if (so.item == 1 && sa.item == 0 && sb.item == 1 && sc.item == 1) {
      if (e.items == 0) continue;
      const A v = *x;
      TENON_INDEPENDENT
      for (int64_t i = 0; i < e.items; ++i) o[i] = f(v, y[i], z[i]);
    } else {
      for (int64_t i = 0; i < e.items; ++i) o[i * so.item] = f(x[i * sa.item], y[i * sb.item], z[i * sc.item]);
    }
  }
}

template <class To, class From, class F>
void unary_loop(Extent e, void* out, Step so, const void* a, Step sa) {
  loop<To, From>(F{}, e, out, so, a, sa);
}

// float32 sin and cos: a block without a large argument takes the short reduction, which vectorises.
template <bool Cos>
void trig_loop(Extent e, void* out, Step so, const void* a, Step sa) {
  constexpr int64_t block = 64;
  for (int64_t r = 0; r < e.rows; ++r)
    for (int64_t i = 0; i < e.items; i += block) {
      float* const o = at<float>(out, r, so) + i * so.item;
      const float* const x = at<float>(a, r, sa) + i * sa.item;
      const int64_t n = e.items - i < block ? e.items - i : block;
      float in[block] = {}, result[block];
      if (sa.item == 1) for (int64_t j = 0; j < n; ++j) in[j] = x[j];
      else for (int64_t j = 0; j < n; ++j) in[j] = x[j * sa.item];
      int far = 0;
      for (int64_t j = 0; j < block; ++j) far |= !(num::abs(in[j]) < num::sincos_near);
      if (far) {
        for (int64_t j = 0; j < n; ++j) result[j] = Cos ? num::cos(in[j]) : num::sin(in[j]);
      } else if (Cos) {
        for (int64_t j = 0; j < block; ++j) result[j] = num::sin_near(in[j], 1);
      } else {
        for (int64_t j = 0; j < block; ++j)
          result[j] = num::real(num::bits(num::sin_near(in[j], 0)) ^ (num::bits(in[j]) & 0x80000000u));
      }
      if (so.item == 1) for (int64_t j = 0; j < n; ++j) o[j] = result[j];
      else for (int64_t j = 0; j < n; ++j) o[j * so.item] = result[j];
    }
}

template <class To, class From, class F>
void binary_loop(Extent e, void* out, Step so, const void* a, Step sa, const void* b, Step sb) {
  loop<To, From>(F{}, e, out, so, a, sa, b, sb);
}

// Which of two values is moved, not computed: the element is only its bytes.
template <class T>
void where_loop(Extent e, void* out, Step so, const void* a, Step sa, const void* b, Step sb, const void* c, Step sc) {
  loop<uint8_t, T>(Where{}, e, out, so, a, sa, b, sb, c, sc);
}

// Between rows and columns: squares, so that each cache line is used while it is there.
template <class T>
void move_loop(Extent e, void* out, Step so, const void* a, Step sa) {
  constexpr int64_t side = 32;
  const bool across = so.item == 1 && sa.row == 1 && e.rows >= 8 && e.items >= 8;
  if (!across) return loop<T, T>([](T x) __attribute__((always_inline)) { return x; }, e, out, so, a, sa);
  for (int64_t r = 0; r < e.rows; r += side)
    for (int64_t i = 0; i < e.items; i += side) {
      const int64_t rows = e.rows - r < side ? e.rows - r : side, items = e.items - i < side ? e.items - i : side;
      T* const o = at<T>(out, r, so) + i;
      const T* const x = at<T>(a, r, sa) + i * sa.item;
      for (int64_t q = 0; q < rows; ++q)
        for (int64_t j = 0; j < items; ++j) o[q * so.row + j] = x[q + j * sa.item];
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
void clamp_loop(Extent e, void* out, Step so, const void* a, Step sa, double low, double high) {
  loop<T, T>(Clamp<T>{number<T>(low), number<T>(high)}, e, out, so, a, sa);
}
template <class T>
void clamp_backward_loop(Extent e, void* out, Step so, const void* g, Step sg, const void* a, Step sa, double low,
                         double high) {
  loop<T, T>(ClampBackward<T>{static_cast<T>(low), static_cast<T>(high)}, e, out, so, g, sg, a, sa);
}
template <class T, template <class> class F>
void scaled_loop(Extent e, void* out, Step so, const void* g, Step sg, const void* a, Step sa, const void* b, Step sb,
                 double scale, double count) {
  loop<T, T>(F<T>{static_cast<T>(scale), static_cast<T>(count)}, e, out, so, g, sg, a, sa, b, sb);
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
