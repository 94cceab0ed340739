#include <tenon/core/check.h>
#include <tenon/io/histogram.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>

#include "../support/catch.h"
#include "../support/errors.h"

using namespace tenon;
using namespace tenon::test;

namespace {

template <class T>
io::Histogram histogram_of(const std::vector<T>& values) {
  return io::make_histogram(std::span<const T>(values));
}

// Deterministic, with both signs and many magnitudes.
std::vector<double> spread_values(int n) {
  std::vector<double> values;
  std::uint32_t state = 1;
  for (int i = 0; i < n; ++i) {
    state = state * 1664525u + 1013904223u;
    values.push_back(std::ldexp((state & 1u) != 0 ? 1.0 : -1.0, static_cast<int>(state >> 26) - 32) *
                     (1 + (state >> 8) / 16777216.0));
  }
  return values;
}

}  // namespace

TEST_CASE("the edges are TensorFlow's") {
  const std::vector<double>& edges = io::histogram_edges();
  REQUIRE(edges.size() == 1549);  // 774 on each side, and 0
  CHECK(edges[774] == 0);
  CHECK(edges[775] == 1e-12);
  CHECK(edges[776] == 1e-12 * 1.1);
  CHECK(edges[777] == 1e-12 * 1.1 * 1.1);
  CHECK(edges.back() < 1e20);
  CHECK(edges.back() * 1.1 >= 1e20);
  for (std::size_t i = 0; i < edges.size(); ++i) CHECK(edges[i] == -edges[edges.size() - 1 - i]);
}

TEST_CASE("every bucket counts the values between its limits") {
  const std::vector<double> values = spread_values(2000);
  const io::Histogram histogram = histogram_of(values);
  REQUIRE(histogram.limits.size() == histogram.buckets.size());
  CHECK(histogram.buckets.front() == 0);
  CHECK(histogram.buckets[1] > 0);
  CHECK(histogram.buckets.back() > 0);
  for (std::size_t i = 1; i < histogram.limits.size(); ++i) {
    double expected = 0;
    for (const double value : values)
      expected += value >= histogram.limits[i - 1] && value < histogram.limits[i];
    CHECK(histogram.buckets[i] == expected);
  }
  CHECK(std::accumulate(histogram.buckets.begin(), histogram.buckets.end(), 0.0) == 2000);
  // The limits are consecutive edges without gaps.
  const std::vector<double>& edges = io::histogram_edges();
  CHECK(std::search(edges.begin(), edges.end(), histogram.limits.begin(), histogram.limits.end()) !=
        edges.end());
}

TEST_CASE("a histogram carries its moments") {
  const io::Histogram histogram = histogram_of<float>({1.5f, -2, 0.25f, 1.5f});
  CHECK(histogram.min == -2);
  CHECK(histogram.max == 1.5);
  CHECK(histogram.count == 4);
  CHECK(histogram.sum == 1.25);
  CHECK(histogram.sum_of_squares == 8.5625);
}

TEST_CASE("values on an edge go to the upper bucket, values beyond the edges to the outermost") {
  CHECK(histogram_of<double>({0}).limits == std::vector<double>{0, 1e-12});
  CHECK(histogram_of<double>({0}).buckets == std::vector<double>{0, 1});
  CHECK(histogram_of<double>({1e-12}).limits == std::vector<double>{1e-12, 1e-12 * 1.1});
  CHECK(histogram_of<double>({-1e-12}).limits == std::vector<double>{-1e-12, 0});
  CHECK(histogram_of<double>({-1e-13, 1e-13}).limits == std::vector<double>{-1e-12, 0, 1e-12});
  CHECK(histogram_of<double>({-1e-13, 1e-13}).buckets == std::vector<double>{0, 1, 1});

  const std::vector<double>& edges = io::histogram_edges();
  const io::Histogram huge = histogram_of<double>({-1e300, 1e300, 1e300});
  CHECK(huge.limits == edges);
  CHECK(huge.buckets[1] == 1);
  CHECK(huge.buckets.back() == 2);
}

TEST_CASE("an empty histogram and values that are not finite are refused") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK(error_of([] { histogram_of<float>({}); }) == "add_histogram: there are no values");
  CHECK(error_of([] {
    histogram_of<double>({1, std::nan("")});
  }) == "add_histogram: the values must be finite; value 1 is nan");
  CHECK(error_of([] {
    histogram_of<double>({1, 2, -infinity});
  }) == "add_histogram: the values must be finite; value 2 is -inf");
}
