// TensorBoard histograms with TensorFlow's default bins.
#pragma once
#include <span>
#include <vector>

namespace tenon::io {

/// Bucket i counts the values in [limits[i-1], limits[i]). The first bucket is empty: its limit is the left
/// edge of the next. Only the range from the first to the last non-empty bucket is kept.
struct Histogram {
  double min = 0;
  double max = 0;
  double count = 0;
  double sum = 0;
  double sum_of_squares = 0;
  std::vector<double> limits;
  std::vector<double> buckets;
};

/// The edges -1e-12*1.1^k ... 0 ... 1e-12*1.1^k, below 1e20.
const std::vector<double>& histogram_edges();

/// Values beyond the outermost edges are counted in the outermost buckets, so the counts always add up.
/// Throws Error if there are no values or one is NaN or infinite. T is float or double.
template <class T>
Histogram make_histogram(std::span<const T> values);

}  // namespace tenon::io
