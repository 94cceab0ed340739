// The text of docs/numerics.md as plain scalar code: what every kernel must equal, bit for bit. Slow on
// purpose.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <vector>

#include <tenon/core/shape.h>
#include <tenon/kernels/arith/reduce.h>

namespace tenon::test {

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

/// Section 3, R: into(q, acc) adds element q.
template <class T>
T r(std::int64_t n, const std::function<T(std::int64_t, T)>& into) {
  if (n == 0) return 0;
  std::vector<T> s;
  for (std::int64_t c = 0; c < n; c += 1024) {
    T p[128] = {};
    for (std::int64_t q = 0; q < std::min<std::int64_t>(n - c, 1024); ++q)
      p[q % 128] = into(c + q, p[q % 128]);
    for (int h = 64; h >= 1; h /= 2)
      for (int j = 0; j < h; ++j) p[j] = p[j] + p[j + h];
    s.push_back(p[0]);
  }
  if (s.size() == 1) return s[0] + T(0);
  return r<T>(static_cast<std::int64_t>(s.size()),
      [&](std::int64_t q, T acc) { return acc + s[static_cast<std::size_t>(q)]; });
}

template <class T>
T into(tenon::arith::ReduceOp op, T x, T y, T acc) {
  using namespace tenon::arith;
  if (op == Sum()) return acc + x;
  if (op == SumOfProducts()) return std::fma(x, y, acc);
  if (op == SumOfSquaredDifferences()) return std::fma(x - y, x - y, acc);
  if (op == SumOfAbsoluteDifferences()) return acc + std::abs(x - y);
  throw std::logic_error("a reduction without a definition");
}

/// One element of a matrix product with n columns.
template <class T>
T matmul(std::int64_t n, std::int64_t k, const T* a, std::int64_t a_col, const T* b, std::int64_t b_row) {
  if (n == 1 && k > 16)
    return r<T>(k, [&](std::int64_t q, T acc) { return std::fma(a[q * a_col], b[q * b_row], acc); });
  return chain<T>(
      k, [&](std::int64_t q) { return a[q * a_col]; }, [&](std::int64_t q) { return b[q * b_row]; });
}

/// Offset of the element with row-major number `at`.
inline std::int64_t offset(const Shape& shape, const Strides& strides, std::int64_t at) {
  std::int64_t result = 0;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    result += at % shape[i] * strides[i];
    at /= shape[i];
  }
  return result;
}

}  // namespace tenon::test
