// Products of square matrices, compared with OpenBLAS where it is found.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <tenon/tenon.h>

#include "timing.h"

#if defined(TENON_BENCH_OPENBLAS)
#include <cblas.h>
#endif

using namespace tenon;

namespace {

/// The largest error of sampled elements against sums in double, relative to the sums of absolute values.
double error_of(const Tensor& a, const Tensor& b, const Tensor& c) {
  const std::int64_t m = a.size(0), k = a.size(1), n = b.size(1);
  double worst = 0;
  for (std::int64_t sample = 0; sample < 200; ++sample) {
    const std::int64_t i = sample * 7919 % m, j = sample * 104729 % n;
    double sum = 0, magnitude = 0;
    for (std::int64_t q = 0; q < k; ++q) {
      const double term = static_cast<double>(a.ptr<float>()[i * k + q]) * b.ptr<float>()[q * n + j];
      sum += term;
      magnitude += std::abs(term);
    }
    const double error = std::abs(c.ptr<float>()[i * n + j] - sum) / magnitude;
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

bench::Result measure(std::int64_t n, [[maybe_unused]] int threads) {
  const Tensor a = randn({n, n}), b = randn({n, n});
  constexpr double tolerance = 1e-6;
  bench::Result result{fmt::format("matmul {0} x {0} x {0}", n)};
  result.work = 2.0 * static_cast<double>(n * n * n);
  const auto verify = [&](const std::string& name, const Tensor& c) {
    const double error = error_of(a, b, c);
    check(error <= tolerance, "matmul: {} is wrong; the relative error is {}, more than {}", name, error,
        tolerance);
    result.largest_error = std::max(result.largest_error, error);
  };
  verify("tenon", matmul(a, b));
  std::vector<bench::Contender> contenders{bench::on_host("tenon", [&] { matmul(a, b); })};
#if defined(TENON_BENCH_OPENBLAS)
  openblas_set_num_threads(threads);
  const Tensor c = zeros({n, n});
  const auto peer = [&a, &b, &c, size = static_cast<blasint>(n)] {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, size, size, size, 1, a.ptr<float>(), size,
        b.ptr<float>(), size, 0, c.ptr<float>(), size);
  };
  peer();
  const std::string name =
      std::string(openblas_get_config()).substr(0, std::string(openblas_get_config()).find(' ', 9));
  verify(name, c);
  contenders.push_back(bench::on_host(name, peer));
#endif
  result.timings = bench::race(contenders);
  bench::print(result);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Options options =
      bench::parse(argc, argv, "Times the matrix product, beside OpenBLAS where it was found.");
  try {
    set_num_threads(options.threads);
    manual_seed(0);
    std::vector<bench::Result> results;
    double log_ratio = 0;
    for (const std::int64_t n : {128, 256, 512, 1024, 2048}) {
      results.push_back(measure(n, options.threads));
      log_ratio += std::log(results.back().timings.back().ratio);
    }
    if (results.front().timings.size() > 1)
      fmt::print("geometric mean: tenon is {:.3f} times as fast\n",
          std::exp(log_ratio / static_cast<double>(results.size())));
    else fmt::print("OpenBLAS was not found: no peer\n");
    if (!options.json.empty()) bench::save_json(results, options.json);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
