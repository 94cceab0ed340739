#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include <tenon/autograd/explore/recording.h>
#include <tenon/autograd/ops.h>

namespace tenon::autograd {

namespace {

constexpr std::int64_t bins = 24;

void count(Excerpt& out, std::span<const double> all) {
  double sum = 0, squares = 0;
  std::int64_t finite = 0;
  out.least = std::numeric_limits<double>::infinity(), out.greatest = -out.least;
  for (const double x : all) {
    if (std::isnan(x)) ++out.nans;
    else if (std::isinf(x)) ++out.infinities;
    else {
      ++finite, sum += x;
      out.least = std::min(out.least, x), out.greatest = std::max(out.greatest, x);
    }
  }
  if (finite == 0) {
    out.least = out.greatest = 0;
    return;
  }
  out.mean = sum / static_cast<double>(finite);
  out.histogram.resize(bins);
  const double width = (out.greatest - out.least) / bins;
  for (const double x : all) {
    if (!std::isfinite(x)) continue;
    squares += (x - out.mean) * (x - out.mean);
    const double bin = width > 0 ? (x - out.least) / width : 0;
    ++out.histogram[static_cast<std::size_t>(std::clamp(bin, 0.0, bins - 1.0))];
  }
  out.deviation = std::sqrt(squares / static_cast<double>(finite));
}

/// FNV-1a of all bytes.
std::uint64_t hash_of(const Tensor& tensor) {
  std::uint64_t hash = 14695981039346656037u;
  visit_any(tensor.dtype(), [&]<class T>(std::type_identity<T>) {
    for (T x : tensor.data<T>()) {
      if (x != x) x = std::numeric_limits<T>::quiet_NaN();
      for (const std::byte byte : std::as_bytes(std::span(&x, 1)))
        hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 1099511628211u;
    }
  });
  return hash;
}

}  // namespace

Excerpt excerpt(const Tensor& tensor, std::int64_t limit) {
  const ModeGuard guard({.record = false, .anomaly = false});
  Excerpt out{.shape = tensor.shape(), .dtype = tensor.dtype()};
  const Tensor here = tensor.detach().to(Device::cpu()).contiguous(), dense = here.to(DType::float64);
  out.hash = hash_of(here);
  const std::span<const double> all = dense.data<double>();
  if (all.empty()) return out;
  count(out, all);
  const std::int64_t columns = tensor.dim() == 0 ? 1 : tensor.size(-1), rows = tensor.numel() / columns;
  out.columns = std::min(columns, std::max<std::int64_t>(limit / std::min<std::int64_t>(rows, 16), 1));
  out.rows = std::min(rows, std::max<std::int64_t>(limit / out.columns, 1));
  for (std::int64_t row = 0; row < out.rows; ++row)
    for (std::int64_t column = 0; column < out.columns; ++column)
      out.values.push_back(all[static_cast<std::size_t>(row * columns + column)]);
  return out;
}

}  // namespace tenon::autograd
