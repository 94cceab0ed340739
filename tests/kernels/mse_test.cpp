// The squared error and its gradient against their definitions.
#include <tenon/kernels/mse.h>

#include "oracle.h"
#include "support.h"

namespace {

using namespace tenon;

template <class T>
void against_definition() {
  for (const std::int64_t n : {0, 1, 3, 127, 128, 1000, 1024, 1025, 5003, 70001, 270001}) {
    if (n > 100000 && !test::thorough) continue;  // more than one multiprocessor's grid covers in one pass
    for (const test::Kind kind : test::kinds)
      for (const std::int64_t start : {0, 1}) {  // with 1, nothing is aligned
        CAPTURE(n, static_cast<int>(kind), start);
        const auto a = test::noise<T>(n + start, kind, 1), b = test::noise<T>(n + start, kind, 2);
        const T* const x = a.data() + start;
        const T* const y = b.data() + start;
        const T count = static_cast<T>(n);
        const T sum = test::reduced(arith::SumOfSquaredDifferences(), n, x, y);
        test::Vector<T> slope;
        for (std::int64_t i = 0; i < n; ++i) slope.push_back(T(2) / count * (x[i] - y[i]));
        test::on_every_build([&] {
          test::Vector<T> gradient(static_cast<std::size_t>(n + start), T(7));
          const auto loss = test::written<T>(1, [&](T* to) {
            kernels::mse(
                test::stream(), dtype_of<T>, n, to, gradient.data() + start, x, y, static_cast<double>(n));
          });
          test::require_same({n == 1 ? sum : sum / count}, loss);
          test::require_same(slope, test::Vector<T>(gradient.begin() + start, gradient.end()));
        });
      }
  }
}

}  // namespace

TEST_CASE("mse: float32 matches its definition", "[kernels][mse][grids]") { against_definition<float>(); }
TEST_CASE("mse: float64 matches its definition", "[kernels][mse]") { against_definition<double>(); }

TEST_CASE("mse: only floating point", "[kernels][mse]") {
  std::int64_t x = 1, y = 0;
  CHECK_THROWS_WITH(kernels::mse(test::stream(), DType::int64, 1, &y, &y, &x, &x, 1),
      "mse: needs floating-point numbers; the dtype is int64");
}
