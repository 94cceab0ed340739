// Tensors for tests: layouts, errors as text, and comparisons of lists of tensors.
#pragma once
#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/tenon.h>

namespace support {

/// Ways to lay the same elements out in memory.
enum class Layout { contiguous, transposed, sliced };
inline constexpr Layout layouts[] = {Layout::contiguous, Layout::transposed, Layout::sliced};

/// `tensor` in another layout: same shape and elements, other strides.
inline tenon::Tensor laid_out(const tenon::Tensor& tensor, Layout layout) {
  const tenon::NoGradGuard no_grad;
  const tenon::Tensor dense = tensor.detach().clone();
  const std::int64_t rank = dense.dim();
  if (layout == Layout::transposed && rank >= 2)
    return dense.transpose(0, rank - 1).contiguous().transpose(0, rank - 1).detach();
  if (layout == Layout::sliced && rank >= 1) {
    tenon::Shape wide = dense.shape();
    wide[static_cast<int>(rank) - 1] = 2 * wide[static_cast<int>(rank) - 1] + 1;
    const tenon::Tensor base = tenon::zeros(wide, dense.options());
    const tenon::Tensor part = tenon::slice(base, -1, {.start = 1, .step = 2});
    part.copy_(dense);
    return part.detach();
  }
  return dense;
}

/// The text of the Error that f throws, with the line that it ends with; empty when it throws none.
template <class F>
std::string full_error_of(F&& f) {
  try {
    f();
  } catch (const tenon::Error& error) { return error.what(); }
  return "";
}

/// The same without the line.
template <class F>
std::string error_of(F&& f) {
  std::string text = full_error_of(f);
  const auto line = text.rfind(" (");
  if (line != text.npos && text.find(".cpp:", line) != text.npos && text.back() == ')') text.erase(line);
  return text;
}

/// A vector that an optimizer may change.
inline tenon::Tensor parameter(std::initializer_list<tenon::TensorData> values) {
  return tenon::tensor(values, {.requires_grad = true});
}

/// The entry called `name`; there must be one.
inline tenon::Tensor& entry(tenon::StateDict& state, std::string_view name) {
  for (auto& [entry_name, tensor] : state)
    if (entry_name == name) return tensor;
  throw std::logic_error("no entry " + std::string(name));
}
inline std::vector<std::string> names(const tenon::StateDict& state) {
  std::vector<std::string> out;
  for (const auto& [name, tensor] : state) out.push_back(name);
  return out;
}
/// True when both lists are undefined in the same places and bitwise equal elsewhere.
inline bool bitwise_equal(const std::vector<tenon::Tensor>& a, const std::vector<tenon::Tensor>& b) {
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(), [](const tenon::Tensor& x, const tenon::Tensor& y) {
        return x.defined() == y.defined() && (!x.defined() || bitwise_equal(x, y));
      });
}
/// True when both have the same names in the same order, and bitwise equal tensors.
inline bool bitwise_equal(const tenon::StateDict& a, const tenon::StateDict& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
      [](const auto& x, const auto& y) { return x.first == y.first && bitwise_equal(x.second, y.second); });
}

inline double value(const tenon::Tensor& tensor) { return tensor.item<double>(); }

}  // namespace support
