#include <tenon/kernels/normalization.h>

#include <cmath>

#include "oracle.h"
#include "support.h"

using namespace tenon;
using kernels::Normalization;
using Kind = Normalization::Kind;

namespace {

// Rows in one chunk of a reduction and in several, and parts of several rows.
constexpr std::int64_t sizes[][2] = {{1, 1}, {5, 1}, {9, 10}, {3, 31}, {2, 33}, {3, 127}, {70, 128}, {2, 129},
    {700, 3}, {300, 300}, {3, 1023}, {40, 1024}, {2, 1025}, {3, 6282}, {2, 20001}, {1, 32768}, {0, 4}};

template <class T>
struct Operands {
  Operands(std::int64_t rows, std::int64_t size, test::Kind kind)
      : a(test::noise<T>(rows * size, kind, 1)),
        g(test::noise<T>(rows * size, kind, 2)),
        weight(test::noise<T>(size, kind, 3)),
        bias(test::noise<T>(size, kind, 4)) {}
  test::Vector<T> a, g, weight, bias;
};

template <class T>
void require_defined(const Normalization& what, const Operands<T>& in) {
  const std::size_t n = in.a.size(), rows = static_cast<std::size_t>(what.rows);
  for (const bool weighted : {false, true})
    for (const bool shifted : {false, true}) {
      if (!test::thorough && weighted != shifted) continue;
      CAPTURE(what.rows, what.size, static_cast<int>(what.kind), weighted, shifted);
      const T* const weight = weighted ? in.weight.data() : nullptr;
      const T* const bias = shifted ? in.bias.data() : nullptr;
      test::Vector<T> want(n), want_y(n), want_scale(rows), slope(n);
      test::normalize(what, want.data(), want_y.data(), want_scale.data(), in.a.data(), weight, bias);
      test::normalize_backward(what, slope.data(), in.g.data(), weight, want_y.data(), want_scale.data());
      test::on_every_build([&] {
        test::Output<T> out(n), y(n), scale(rows);
        if (weight || bias) {
          kernels::normalize(
              test::stream(), what, out.data(), y.data(), scale.data(), in.a.data(), weight, bias);
          test::require_same(want, out.values());
          test::require_same(want_y, y.values());
          test::require_same(want_scale, scale.values());
        }
        test::require_same(want, test::written<T>(n, [&](T* to) {
          kernels::normalize(test::stream(), what, to, nullptr, scale.data(), in.a.data(), weight, bias);
        }));
        test::require_same(want_scale, scale.values());
        test::require_same(slope, test::written<T>(n, [&](T* to) {
          kernels::normalize_backward(
              test::stream(), what, to, in.g.data(), weight, want_y.data(), want_scale.data());
        }));
      });
    }
}

template <class T>
void require_defined(std::int64_t rows, std::int64_t size, test::Kind kind) {
  const Operands<T> in(rows, size, kind);
  for (const Kind of : {Kind::layer, Kind::rms}) require_defined<T>({of, dtype_of<T>, rows, size, 1e-5}, in);
}

}  // namespace

TEMPLATE_TEST_CASE(
    "normalization: the definition, forward and backward", "[kernels][normalization]", float, double) {
  for (const auto& [rows, size] : sizes) {
    if (test::only_for_cpu(rows, rows * size)) continue;
    for (const test::Kind kind : test::kinds) require_defined<TestType>(rows, size, kind);
  }
}

TEST_CASE("normalization: the longest rows of a CUDA device", "[kernels][normalization]") {
  if (test::thorough && test::on_cuda()) require_defined<float>(1, 1 << 20, test::Kind::ordinary);
}

TEMPLATE_TEST_CASE("normalization: a block of a CUDA device computes several rows of several chunks",
    "[kernels][normalization]", float, double) {
  if (!test::on_cuda()) return;
  const test::Multiprocessors one(1);
  require_defined<TestType>(40, 1030, test::Kind::ordinary);
}

TEMPLATE_TEST_CASE("normalization: rows of equal elements, with infinities, and with one NaN",
    "[kernels][normalization]", float, double) {
  constexpr TestType inf = std::numeric_limits<TestType>::infinity();
  for (const std::int64_t size : {6, 1030})
    for (const TestType first : {TestType(0), TestType(-0.0), -inf, inf, TestType(NAN)})
      for (const double eps : {0.0, 0.25}) {
        Operands<TestType> in(2, size, test::Kind::ordinary);
        std::fill(in.a.begin(), in.a.end(), TestType(-0.0));
        in.a[0] = first;
        for (const Kind kind : {Kind::layer, Kind::rms})
          require_defined<TestType>({kind, dtype_of<TestType>, 2, size, eps}, in);
      }
}
