// docs/numerics.md as plain scalar code. Deliberately simple and slow; compiled without sanitizers, under
// which it would take most of the time of the tests.
#include "oracle.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <vector>

#include <tenon/kernels/arith/math.h>

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

/// Calls f(at), where at(i) is the place of element i, for each line along a dimension.
template <class F>
void for_each_line(const kernels::Indexed& l, const F& f) {
  for (std::int64_t o = 0; l.size > 0 && o < l.outer; ++o)
    for (std::int64_t j = 0; j < l.inner; ++j)
      f([&, o, j](std::int64_t i) { return (o * l.size + i) * l.inner + j; });
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

template <class T>
void softmax(kernels::Softmax kind, const kernels::Indexed& l, T* out, const T* a) {
  const std::int64_t n = l.size;
  std::vector<T> apart(static_cast<std::size_t>(n)), powers(apart);
  for_each_line(l, [&](const auto& at) {
    for (std::int64_t i = 0; i < n; ++i) apart[i] = a[at(i)];
    T most = reduced(arith::Amax(), n, apart.data(), apart.data());
    if (kind == kernels::Softmax::or_zeros && most == -std::numeric_limits<T>::infinity()) most = 0;
    for (T& d : apart) d = d - most;
    for (std::int64_t i = 0; i < n; ++i) powers[i] = num::exp(apart[i]);
    T total = reduced(arith::Sum(), n, powers.data(), powers.data());
    if (kind == kernels::Softmax::or_zeros && total == 0) total = 1;
    for (std::int64_t i = 0; i < n; ++i)
      out[at(i)] = kind == kernels::Softmax::log ? apart[i] - num::log(total) : powers[i] / total;
  });
}

template <class T>
void softmax_backward(kernels::Softmax kind, const kernels::Indexed& l, T* out, const T* g, const T* y) {
  const bool log = kind == kernels::Softmax::log;
  std::vector<T> parts(static_cast<std::size_t>(l.size));
  for_each_line(l, [&](const auto& at) {
    for (std::int64_t i = 0; i < l.size; ++i) parts[i] = log ? g[at(i)] : g[at(i)] * y[at(i)];
    const T total = reduced(arith::Sum(), l.size, parts.data(), parts.data());
    for (std::int64_t i = 0; i < l.size; ++i)
      out[at(i)] = parts[i] - (log ? num::exp(y[at(i)]) : y[at(i)]) * total;
  });
}

template <class T>
void normalize(
    const kernels::Normalization& what, T* out, T* y, T* scale, const T* a, const T* weight, const T* bias) {
  const std::int64_t n = what.size;
  const T count = static_cast<T>(n);
  for (std::int64_t r = 0; r < what.rows; ++r, a += n, y += n, out += n) {
    const bool layer = what.kind == kernels::Normalization::Kind::layer;
    const T mean = reduced(arith::Sum(), n, a, a) / count;
    for (std::int64_t i = 0; i < n; ++i) y[i] = layer ? a[i] - mean : a[i];
    const T variance = reduced(arith::SumOfProducts(), n, y, y) / count;
    scale[r] = T(1) / std::sqrt(variance + static_cast<T>(what.eps));
    for (std::int64_t i = 0; i < n; ++i) {
      y[i] = y[i] * scale[r];
      out[i] = weight ? y[i] * weight[i] : y[i];
      if (bias) out[i] = out[i] + bias[i];
    }
  }
}

template <class T>
void normalize_backward(
    const kernels::Normalization& what, T* out, const T* g, const T* weight, const T* y, const T* scale) {
  const std::int64_t n = what.size;
  const T count = static_cast<T>(n);
  std::vector<T> slope(static_cast<std::size_t>(n));
  for (std::int64_t r = 0; r < what.rows; ++r, g += n, y += n, out += n) {
    for (std::int64_t i = 0; i < n; ++i) slope[i] = weight ? g[i] * weight[i] : g[i];
    const T product = reduced(arith::SumOfProducts(), n, slope.data(), y) / count,
            mean = reduced(arith::Sum(), n, slope.data(), y) / count;
    for (std::int64_t i = 0; i < n; ++i) {
      T across = slope[i] - y[i] * product;
      if (what.kind == kernels::Normalization::Kind::layer) across = across - mean;
      out[i] = across * scale[r];
    }
  }
}

#define INSTANTIATE(T)                                                                                   \
  template T reduced(arith::ReduceOp, const Shape&, const T*, const Strides&, const T*, const Strides&); \
  template T matmul(std::int64_t, std::int64_t, const T*, std::int64_t, const T*, std::int64_t);         \
  template void softmax(kernels::Softmax, const kernels::Indexed&, T*, const T*);                        \
  template void softmax_backward(kernels::Softmax, const kernels::Indexed&, T*, const T*, const T*);     \
  template void normalize(const kernels::Normalization&, T*, T*, T*, const T*, const T*, const T*);      \
  template void normalize_backward(const kernels::Normalization&, T*, const T*, const T*, const T*, const T*);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace tenon::test
