// Tensors for tests: layouts, leaves, and comparisons of lists of tensors.
#pragma once
#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/tenon.h>

#include "support/errors.h"

namespace tenon::test {

/// Memory layouts for the same elements.
enum class Layout { contiguous, transposed, sliced };
inline constexpr Layout layouts[] = {Layout::contiguous, Layout::transposed, Layout::sliced};

/// `tensor` in another layout: same shape and elements, other strides.
inline Tensor laid_out(const Tensor& tensor, Layout layout) {
  const NoGradGuard no_grad;
  const Tensor dense = tensor.detach().clone();
  const std::int64_t rank = dense.dim();
  if (layout == Layout::transposed && rank >= 2)
    return dense.transpose(0, rank - 1).contiguous().transpose(0, rank - 1).detach();
  if (layout == Layout::sliced && rank >= 1) {
    Shape wide = dense.shape();
    wide[static_cast<int>(rank) - 1] = 2 * wide[static_cast<int>(rank) - 1] + 1;
    const Tensor base = zeros(wide, dense.options());
    const Tensor part = slice(base, -1, {.start = 1, .step = 2});
    part.copy_(dense);
    return part.detach();
  }
  return dense;
}

/// Copies that require a gradient.
inline std::vector<Tensor> leaves(
    const std::vector<Tensor>& inputs, Layout layout = Layout::contiguous, Device device = Device::cpu()) {
  std::vector<Tensor> out;
  for (const Tensor& input : inputs) out.push_back(laid_out(input.to(device), layout).set_requires_grad());
  return out;
}
/// A gradient to start a backward pass from `output`, always the same for the same shape and dtype.
inline Tensor upstream(const Tensor& output) {
  Generator generator(7);
  return randn(output.shape(), generator, {.dtype = output.dtype(), .device = output.device()});
}

/// A leaf.
inline Tensor number(double x, DType dtype = DType::float64) {
  return tensor(x, {.dtype = dtype, .requires_grad = true});
}
/// A vector that an optimizer may update.
inline Tensor parameter(std::initializer_list<TensorData> values) {
  return tensor(values, {.requires_grad = true});
}

/// The entry called `name`, which must exist.
inline Tensor& entry(StateDict& state, std::string_view name) {
  for (auto& [entry_name, tensor] : state)
    if (entry_name == name) return tensor;
  throw std::logic_error("no entry " + std::string(name));
}
/// The names of a state, of parameters or of modules.
template <class Value>
std::vector<std::string> names(const std::vector<std::pair<std::string, Value>>& entries) {
  std::vector<std::string> out;
  for (const auto& [name, value] : entries) out.push_back(name);
  return out;
}
/// Whether both lists are undefined in the same places and bitwise equal elsewhere.
inline bool bitwise_equal(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Tensor& x, const Tensor& y) {
    return x.defined() == y.defined() && (!x.defined() || bitwise_equal(x, y));
  });
}
/// Whether both have the same names in the same order, and bitwise equal tensors.
inline bool bitwise_equal(const StateDict& a, const StateDict& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
      [](const auto& x, const auto& y) { return x.first == y.first && bitwise_equal(x.second, y.second); });
}

inline double value(const Tensor& tensor) { return tensor.item<double>(); }

}  // namespace tenon::test
