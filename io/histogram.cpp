#include <tenon/core/check.h>
#include <tenon/io/histogram.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace tenon::io {

const std::vector<double>& histogram_edges() {
  static const std::vector<double> edges = [] {
    std::vector<double> all = {0};
    for (double edge = 1e-12; edge < 1e20;
         edge *= 1.1) {  // TensorFlow's loop: powers computed directly differ in the last bits
      all.push_back(edge);
      all.push_back(-edge);
    }
    std::sort(all.begin(), all.end());
    return all;
  }();
  return edges;
}

template <class T>
Histogram make_histogram(std::span<const T> values) {
  check(!values.empty(), "add_histogram: there are no values");
  Histogram result;
  result.min = result.max = static_cast<double>(values[0]);
  result.count = static_cast<double>(values.size());
  const std::vector<double>& edges = histogram_edges();
  std::vector<double> counts(edges.size() - 1);  // counts[i] belongs to [edges[i], edges[i+1])
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = static_cast<double>(values[i]);
    check(std::isfinite(value), "add_histogram: the values must be finite; value {} is {}", i, value);
    result.min = std::min(result.min, value);
    result.max = std::max(result.max, value);
    result.sum += value;
    result.sum_of_squares += value * value;
    const std::int64_t above = std::upper_bound(edges.begin(), edges.end(), value) - edges.begin();
    const std::int64_t last = static_cast<std::int64_t>(counts.size()) - 1;
    counts[static_cast<std::size_t>(std::clamp<std::int64_t>(above - 1, 0, last))] += 1;
  }
  const auto holds_something = [](double bucket) { return bucket > 0; };
  const std::int64_t first = std::find_if(counts.begin(), counts.end(), holds_something) - counts.begin();
  const std::int64_t end = counts.rend() - std::find_if(counts.rbegin(), counts.rend(), holds_something);
  result.limits.assign(edges.begin() + first, edges.begin() + end + 1);
  result.buckets.assign(1, 0.0);
  result.buckets.insert(result.buckets.end(), counts.begin() + first, counts.begin() + end);
  return result;
}

template Histogram make_histogram(std::span<const float>);
template Histogram make_histogram(std::span<const double>);

}  // namespace tenon::io
