#include <tenon/kernels/softmax.h>

#include <cmath>

#include <tenon/kernels/arith/math.h>

#include "oracle.h"
#include "support.h"

using namespace tenon;
using kernels::Indexed;
using kernels::Softmax;

namespace {

constexpr Softmax kinds[] = {Softmax::plain, Softmax::or_zeros, Softmax::log};

// Rows in one chunk of a reduction and in several, parts of several rows, long slices, and columns.
const Indexed layouts[] = {{1, 1, 1}, {5, 1, 1}, {9, 10, 1}, {3, 31, 1}, {2, 33, 1}, {3, 127, 1},
    {70, 128, 1}, {2, 129, 1}, {300, 300, 1}, {3, 1023, 1}, {40, 1024, 1}, {2, 1025, 1}, {1, 70001, 1},
    {0, 4, 1}, {2, 0, 3}, {2, 4, 0}, {2, 7, 3}, {3, 200, 65}, {1, 1100, 40}};

/// Calls line(elements...) for each line along the dimension, with copies of its elements in `arrays`, and
/// collects the lines that it returns.
template <class T, class Line, class... Array>
test::Vector<T> along(const Indexed& l, const Line& line, const Array&... arrays) {
  test::Vector<T> out(static_cast<std::size_t>(l.outer * l.size * l.inner));
  for (std::int64_t o = 0; l.size > 0 && o < l.outer; ++o)
    for (std::int64_t j = 0; j < l.inner; ++j) {
      const auto at = [&](std::int64_t i) {
        return static_cast<std::size_t>((o * l.size + i) * l.inner + j);
      };
      const auto elements = [&](const test::Vector<T>& array) {
        test::Vector<T> all;
        for (std::int64_t i = 0; i < l.size; ++i) all.push_back(array[at(i)]);
        return all;
      };
      const test::Vector<T> made = line(elements(arrays)...);
      for (std::int64_t i = 0; i < l.size; ++i) out[at(i)] = made[static_cast<std::size_t>(i)];
    }
  return out;
}

template <class T>
T reduced(arith::ReduceOp op, const test::Vector<T>& x) {
  return test::reduced(op, static_cast<std::int64_t>(x.size()), x.data(), x.data());
}

/// The definition in docs/numerics.md.
template <class T>
test::Vector<T> forward(Softmax kind, const test::Vector<T>& x) {
  T most = reduced(arith::Amax(), x);
  if (kind == Softmax::or_zeros && most == -INFINITY) most = 0;
  test::Vector<T> apart, powers, out;
  for (const T a : x) apart.push_back(a - most);
  for (const T d : apart) powers.push_back(num::exp(d));
  T sum = reduced(arith::Sum(), powers);
  if (kind == Softmax::or_zeros && sum == 0) sum = 1;
  for (std::size_t i = 0; i < x.size(); ++i)
    out.push_back(kind == Softmax::log ? apart[i] - num::log(sum) : powers[i] / sum);
  return out;
}
template <class T>
test::Vector<T> backward(Softmax kind, const test::Vector<T>& g, const test::Vector<T>& y) {
  test::Vector<T> parts, out;
  for (std::size_t i = 0; i < g.size(); ++i) parts.push_back(kind == Softmax::log ? g[i] : g[i] * y[i]);
  const T sum = reduced(arith::Sum(), parts);
  for (std::size_t i = 0; i < g.size(); ++i) {
    const T share = (kind == Softmax::log ? num::exp(y[i]) : y[i]) * sum;
    out.push_back(parts[i] - share);
  }
  return out;
}

template <class T>
void require_defined(const Indexed& l, const test::Vector<T>& a, const test::Vector<T>& g) {
  CAPTURE(l.outer, l.size, l.inner);
  for (const Softmax kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    const auto want = along<T>(
        l, [&](const test::Vector<T>& x) { return forward(kind, x); }, a);
    const auto slope = along<T>(
        l, [&](const test::Vector<T>& u, const test::Vector<T>& y) { return backward(kind, u, y); }, g, want);
    test::on_every_build([&] {
      test::require_same(want, test::written<T>(want.size(), [&](T* to) {
        kernels::softmax(test::stream(), kind, dtype_of<T>, l, to, a.data());
      }));
      test::require_same(slope, test::written<T>(want.size(), [&](T* to) {
        kernels::softmax_backward(test::stream(), kind, dtype_of<T>, l, to, g.data(), want.data());
      }));
    });
  }
}

}  // namespace

TEMPLATE_TEST_CASE(
    "softmax: the definition, forward and backward", "[kernels][softmax][grids]", float, double) {
  for (const Indexed& layout : layouts)
    for (const test::Kind kind : test::kinds) {
      const std::int64_t n = layout.outer * layout.size * layout.inner;
      require_defined(layout, test::noise<TestType>(n, kind, 1), test::noise<TestType>(n, kind, 2));
    }
}

TEMPLATE_TEST_CASE("log_softmax_at_backward: as if the gradient were 0 elsewhere",
    "[kernels][softmax][grids]", float, double) {
  using T = TestType;
  for (const Indexed& l : layouts)
    for (const test::Kind kind : test::kinds) {
      if (l.size == 0) continue;
      CAPTURE(l.outer, l.size, l.inner);
      const std::int64_t lines = l.outer * l.inner;
      const auto y = test::noise<T>(lines * l.size, kind, 1), g = test::noise<T>(lines, kind, 2);
      test::Vector<std::int64_t> classes;
      test::Vector<T> scattered(y.size(), T(0));
      for (std::int64_t k = 0; k < lines; ++k) {
        classes.push_back(k * 7 % l.size);
        T& element = scattered[static_cast<std::size_t>(
            (k / l.inner * l.size + classes.back()) * l.inner + k % l.inner)];
        element = element + g[static_cast<std::size_t>(k)];
      }
      const auto want = along<T>(
          l,
          [](const test::Vector<T>& u, const test::Vector<T>& at) { return backward(Softmax::log, u, at); },
          scattered, y);
      test::on_every_build([&] {
        test::require_same(want, test::written<T>(want.size(), [&](T* to) {
          kernels::log_softmax_at_backward(
              test::stream(), dtype_of<T>, l, to, g.data(), classes.data(), y.data());
        }));
      });
    }
}

TEMPLATE_TEST_CASE(
    "softmax: lines with infinities only, and with one NaN", "[kernels][softmax]", float, double) {
  constexpr TestType inf = std::numeric_limits<TestType>::infinity();
  for (const Indexed& layout : {Indexed{2, 6, 1}, Indexed{2, 1030, 1}, Indexed{2, 6, 2}})
    for (const TestType first : {-inf, inf, TestType(NAN), TestType(-0.0)}) {
      test::Vector<TestType> a(static_cast<std::size_t>(layout.outer * layout.size * layout.inner), -inf);
      a[0] = first;
      require_defined(
          layout, a, test::noise<TestType>(static_cast<std::int64_t>(a.size()), test::Kind::ordinary, 2));
    }
}
