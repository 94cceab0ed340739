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
    {70, 128, 1}, {2, 129, 1}, {700, 3, 1}, {300, 300, 1}, {3, 1023, 1}, {40, 1024, 1}, {2, 1025, 1},
    {3, 6282, 1}, {1, 70001, 1}, {0, 4, 1}, {2, 0, 3}, {2, 4, 0}, {2, 7, 3}, {3, 200, 65}, {1, 1100, 40}};

template <class T>
void require_defined(const Indexed& l, const test::Vector<T>& a, const test::Vector<T>& g) {
  CAPTURE(l.outer, l.size, l.inner);
  for (const Softmax kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    test::Vector<T> want(a.size()), slope(a.size());
    test::softmax(kind, l, want.data(), a.data());
    test::softmax_backward(kind, l, slope.data(), g.data(), want.data());
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

TEMPLATE_TEST_CASE("softmax: the definition, forward and backward", "[kernels][softmax]", float, double) {
  for (const Indexed& layout : layouts)
    for (const test::Kind kind : test::kinds) {
      const std::int64_t n = layout.outer * layout.size * layout.inner;
      if (test::only_for_cpu(layout.outer, n)) continue;
      require_defined(layout, test::noise<TestType>(n, kind, 1), test::noise<TestType>(n, kind, 2));
    }
}

TEST_CASE("softmax: rows of as many chunks as one chunk has elements, and of more", "[kernels][softmax]") {
  if (!test::thorough) return;
  for (const std::int64_t n : {std::int64_t{1} << 20, (std::int64_t{1} << 20) + 1})
    require_defined<float>({1, n, 1}, test::noise<float>(n, test::Kind::ordinary, 1),
        test::noise<float>(n, test::Kind::ordinary, 2));
}

TEMPLATE_TEST_CASE("softmax: a block of a CUDA device computes several rows of several chunks",
    "[kernels][softmax]", float, double) {
  if (!test::on_cuda()) return;
  const test::Multiprocessors one(1);
  require_defined({40, 1030, 1}, test::noise<TestType>(40 * 1030, test::Kind::ordinary, 1),
      test::noise<TestType>(40 * 1030, test::Kind::ordinary, 2));
}

TEMPLATE_TEST_CASE(
    "log_softmax_at_backward: as if the gradient were 0 elsewhere", "[kernels][softmax]", float, double) {
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
      test::Vector<T> want(y.size());
      test::softmax_backward(Softmax::log, l, want.data(), scattered.data(), y.data());
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
