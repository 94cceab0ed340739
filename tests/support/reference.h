// Reference math in double: naive loops that share no code with the library.
#pragma once
#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include <tenon/tenon.h>

namespace tenon::test {

/// Elements in row-major order.
struct Array {
  std::vector<std::int64_t> shape;
  std::vector<double> values;

  std::int64_t numel() const {
    std::int64_t n = 1;
    for (const std::int64_t size : shape) n *= size;
    return n;
  }
};

using Index = std::vector<std::int64_t>;

inline std::int64_t flat(const std::vector<std::int64_t>& shape, const Index& index) {
  std::int64_t at = 0;
  for (std::size_t d = 0; d < shape.size(); ++d) at = at * shape[d] + index[d];
  return at;
}

inline Index unflat(const std::vector<std::int64_t>& shape, std::int64_t at) {
  Index index(shape.size());
  for (std::size_t d = shape.size(); d-- > 0;) {
    index[d] = at % shape[d];
    at /= shape[d];
  }
  return index;
}

/// An array of `shape` whose elements are f(index).
inline Array build(std::vector<std::int64_t> shape, const std::function<double(const Index&)>& f) {
  Array out{std::move(shape), {}};
  const std::int64_t n = out.numel();
  for (std::int64_t i = 0; i < n; ++i) out.values.push_back(f(unflat(out.shape, i)));
  return out;
}

inline double element(const Array& a, const Index& index) {
  return a.values[static_cast<std::size_t>(flat(a.shape, index))];
}

/// The element at `index` after broadcasting.
inline double broadcast_element(const Array& a, const Index& index) {
  Index own(a.shape.size());
  const std::size_t shift = index.size() - a.shape.size();
  for (std::size_t d = 0; d < own.size(); ++d) own[d] = a.shape[d] == 1 ? 0 : index[d + shift];
  return element(a, own);
}

inline std::vector<std::int64_t> broadcast(
    const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  const auto& longer = a.size() >= b.size() ? a : b;
  const auto& shorter = a.size() >= b.size() ? b : a;
  std::vector<std::int64_t> out = longer;
  const std::size_t shift = longer.size() - shorter.size();
  for (std::size_t d = 0; d < shorter.size(); ++d)
    if (out[d + shift] == 1) out[d + shift] = shorter[d];
  return out;
}

inline Array map(const Array& a, const std::function<double(double)>& f) {
  Array out = a;
  for (double& value : out.values) value = f(value);
  return out;
}

inline Array map(const Array& a, const Array& b, const std::function<double(double, double)>& f) {
  return build(broadcast(a.shape, b.shape),
      [&](const Index& i) { return f(broadcast_element(a, i), broadcast_element(b, i)); });
}

/// Folds the elements along the dimensions in `dims` with combine(partial, element); all dimensions if it is
/// empty.
inline Array reduce(const Array& a, std::vector<std::int64_t> dims, bool keepdim, double start,
    double (*combine)(double, double)) {
  const std::size_t rank = a.shape.size();
  std::vector<bool> reduced(rank, dims.empty());
  for (const std::int64_t d : dims)
    reduced[static_cast<std::size_t>(d < 0 ? d + static_cast<std::int64_t>(rank) : d)] = true;
  Array out;
  std::vector<std::int64_t> kept;
  for (std::size_t d = 0; d < rank; ++d) {
    kept.push_back(reduced[d] ? 1 : a.shape[d]);
    if (!reduced[d] || keepdim) out.shape.push_back(kept.back());
  }
  out.values.assign(static_cast<std::size_t>(out.numel()), start);
  for (std::int64_t i = 0; i < a.numel(); ++i) {
    Index index = unflat(a.shape, i);
    for (std::size_t d = 0; d < rank; ++d)
      if (reduced[d]) index[d] = 0;
    double& to = out.values[static_cast<std::size_t>(flat(kept, index))];
    to = combine(to, a.values[static_cast<std::size_t>(i)]);
  }
  return out;
}
inline Array sum(const Array& a, std::vector<std::int64_t> dims, bool keepdim) {
  return reduce(a, std::move(dims), keepdim, 0, [](double x, double y) { return x + y; });
}
inline Array amax(const Array& a, std::vector<std::int64_t> dims, bool keepdim) {
  return reduce(a, std::move(dims), keepdim, -INFINITY, [](double x, double y) { return std::fmax(x, y); });
}

inline Array amin(const Array& a, std::vector<std::int64_t> dims, bool keepdim) {
  return reduce(a, std::move(dims), keepdim, INFINITY, [](double x, double y) { return std::fmin(x, y); });
}

/// Products of the matrices in the last two dimensions; the others broadcast.
inline Array matmul(const Array& a, const Array& b) {
  std::vector<std::int64_t> shape =
      broadcast({a.shape.begin(), a.shape.end() - 2}, {b.shape.begin(), b.shape.end() - 2});
  const std::size_t row = shape.size(), col = row + 1;
  shape.insert(shape.end(), {a.shape[a.shape.size() - 2], b.shape.back()});
  return build(shape, [&](const Index& i) {
    double total = 0;
    Index of_a = i, of_b = i;
    for (std::int64_t k = 0; k < a.shape.back(); ++k) {
      of_a[col] = of_b[row] = k;
      total += broadcast_element(a, of_a) * broadcast_element(b, of_b);
    }
    return total;
  });
}

/// The same elements in another shape.
inline Array reshaped(const Array& a, std::vector<std::int64_t> shape) {
  return {std::move(shape), a.values};
}

inline Array transposed(const Array& a) {
  return build({a.shape[1], a.shape[0]}, [&](const Index& i) { return element(a, {i[1], i[0]}); });
}

inline Array from_tensor(const Tensor& tensor) {
  const Tensor dense = tensor.detach().to(DType::float64).contiguous();
  Array out{{dense.shape().begin(), dense.shape().end()}, {}};
  out.values.assign(dense.data<double>().begin(), dense.data<double>().end());
  return out;
}

}  // namespace tenon::test
