#include <tenon/data/dataset.h>

#include <cmath>

namespace tenon::data::detail {

std::vector<std::int64_t> split_sizes(std::int64_t samples, const std::vector<double>& lengths) {
  check(!lengths.empty(), "random_split: needs at least one length");
  double sum = 0;
  for (const double length : lengths) {
    check(length >= 0 && std::isfinite(length), "random_split: a length must not be negative; it is {}",
        length);
    sum += length;
  }
  const bool fractions = std::abs(sum - 1) <= 1e-9;
  std::vector<std::int64_t> sizes;
  std::int64_t left = samples;
  for (const double length : lengths) {
    check(fractions || length == std::floor(length),
        "random_split: lengths are numbers of samples, or fractions that add up to 1; {} is neither", length);
    sizes.push_back(
        static_cast<std::int64_t>(fractions ? std::floor(length * static_cast<double>(samples)) : length));
    left -= sizes.back();
  }
  check(fractions || left == 0, "random_split: the lengths add up to {}, the data set has {} samples", sum,
      samples);
  for (std::size_t i = 0; left > 0; ++i, --left) ++sizes[i % sizes.size()];
  return sizes;
}

}  // namespace tenon::data::detail
