// docs/numerics.md as plain scalar code. Deliberately simple and slow; compiled without sanitizers, under
// which it would take most of the time of the tests.
#include "oracle.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <vector>

namespace tenon::test {
namespace {

/// Section 2, CHAIN: the sum of a(q) b(q).
template <class T, class A, class B>
T chain(std::int64_t k, const A& a, const B& b) {
  T t = 0;
  for (std::int64_t c = 0; c < k; c += 512) {
    T p = 0;
    for (std::int64_t q = c; q < std::min<std::int64_t>(k, c + 512); ++q) p = std::fma(a(q), b(q), p);
    t = t + p;
  }
  return t;
}

/// Section 3, R: into(q, acc) adds element q to a partial result; combine(p, q) joins two partial results.
template <class T>
T r(std::int64_t n, T identity, const std::function<T(std::int64_t, T)>& into, T (*combine)(T, T)) {
  if (n == 0) return identity;
  std::vector<T> s;
  for (std::int64_t c = 0; c < n; c += 1024) {
    T p[128];
    std::fill_n(p, 128, identity);
    for (std::int64_t q = 0; q < std::min<std::int64_t>(n - c, 1024); ++q)
      p[q % 128] = into(c + q, p[q % 128]);
    for (int h = 64; h >= 1; h /= 2)
      for (int j = 0; j < h; ++j) p[j] = combine(p[j], p[j + h]);
    s.push_back(p[0]);
  }
  if (s.size() == 1) return s[0];
  return r<T>(
      static_cast<std::int64_t>(s.size()), identity,
      [&](std::int64_t q, T acc) { return combine(acc, s[static_cast<std::size_t>(q)]); }, combine);
}

/// A sum in the order R.
template <class T>
T sum(std::int64_t n, const std::function<T(std::int64_t, T)>& into) {
  return r<T>(n, 0, into, [](T a, T b) { return a + b; }) + T(0);
}

/// The larger of both, where NaN is the largest and +0 is larger than -0.
template <class T>
T largest(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<T>::quiet_NaN();
  if (a == b) return std::signbit(a) ? b : a;
  return std::max(a, b);
}

template <class T>
T into(arith::ReduceOp op, T x, T y, T acc) {
  using namespace arith;
  if (op == Amax()) return largest(acc, x);
  if (op == Sum()) return acc + x;
  if (op == SumOfProducts()) return std::fma(x, y, acc);
  if (op == SumOfSquaredDifferences()) return std::fma(x - y, x - y, acc);
  if (op == SumOfAbsoluteDifferences()) return acc + std::abs(x - y);
  throw std::logic_error("a reduction without a definition");
}

}  // namespace

template <class T>
T reduced(arith::ReduceOp op, const Shape& shape, const T* x, const Strides& x_strides, const T* y,
    const Strides& y_strides) {
  const auto element = [&](std::int64_t q, T acc) {
    return into(op, x[offset(shape, x_strides, q)], y[offset(shape, y_strides, q)], acc);
  };
  if (op == arith::Amax())
    return r<T>(shape.numel(), -std::numeric_limits<T>::infinity(), element, largest<T>);
  return sum<T>(shape.numel(), element);
}

template <class T>
T matmul(std::int64_t n, std::int64_t k, const T* a, std::int64_t a_col, const T* b, std::int64_t b_row) {
  if (n == 1 && k > 16)
    return sum<T>(k, [&](std::int64_t q, T acc) { return std::fma(a[q * a_col], b[q * b_row], acc); });
  return chain<T>(
      k, [&](std::int64_t q) { return a[q * a_col]; }, [&](std::int64_t q) { return b[q * b_row]; });
}

#define INSTANTIATE(T)                                                                                   \
  template T reduced(arith::ReduceOp, const Shape&, const T*, const Strides&, const T*, const Strides&); \
  template T matmul(std::int64_t, std::int64_t, const T*, std::int64_t, const T*, std::int64_t);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace tenon::test
