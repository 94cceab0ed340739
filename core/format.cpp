// Formatting of tensors as text.
#include <tenon/core/formatted.h>
#include <tenon/core/tensor.h>

#include <algorithm>
#include <cmath>
#include <ostream>

namespace tenon {

namespace {

constexpr std::int64_t most_shown = 1000;

/// How many indices to show at each end of a dimension; 0 for all. Eight dimensions with one at each end show
/// 256 elements.
std::int64_t edge_of(const Tensor& tensor) {
  if (tensor.numel() <= most_shown) return 0;
  for (std::int64_t edge = 3; edge > 1; --edge) {
    std::int64_t shown = 1;
    for (const std::int64_t size : tensor.shape()) shown *= std::min(size, 2 * edge);
    if (shown <= most_shown) return edge;
  }
  return 1;
}

std::string number(const Tensor& tensor, std::int64_t offset) {
  return visit_any(tensor.dtype(), [&]<class T>(std::type_identity<T>) -> std::string {
    const T value = tensor.ptr<T>()[offset];
    if constexpr (std::is_same_v<T, bool>) return value ? "true" : "false";
    else if constexpr (std::is_integral_v<T>) return detail::formatted("{}", value);
    else {
      const auto real = static_cast<double>(value);
      return std::isnan(real) ? "nan" : detail::formatted("{:.6g}", real);
    }
  });
}

void append(std::string& text, const Tensor& tensor, std::int64_t edge, int dim, std::int64_t offset,
    std::size_t indent) {
  if (dim == tensor.shape().rank()) {
    text += number(tensor, offset);
    return;
  }
  const std::int64_t size = tensor.shape()[dim];
  const bool whole = edge == 0 || size <= 2 * edge;
  const std::string between = dim + 1 == tensor.shape().rank() ? ", " : ",\n" + std::string(indent + 1, ' ');
  text += '[';
  for (std::int64_t i = 0; i < size; ++i) {
    if (i != 0) text += between;
    if (!whole && i == edge) {
      text += "..." + between;
      i = size - edge;
    }
    append(text, tensor, edge, dim + 1, offset + i * tensor.strides()[dim], indent + 1);
  }
  text += ']';
}

}  // namespace

std::string to_string(const Tensor& tensor) {
  if (!tensor.defined()) return "tensor(undefined)";
  std::string text = "tensor(";
  if (tensor.numel() == 0) text += "[]";
  else append(text, tensor.to(Device::cpu()), edge_of(tensor), 0, 0, text.size());
  if (tensor.dim() > 1 || tensor.numel() == 0)
    text += detail::formatted(", shape={}", to_string(tensor.shape()));
  if (tensor.dtype() != Options().dtype) text += ", dtype=" + to_string(tensor.dtype());
  if (!tensor.device().is_cpu()) text += ", device=" + to_string(tensor.device());
  if (tensor.requires_grad()) text += ", requires_grad=true";
  return text + ")";
}

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) { return out << to_string(tensor); }
std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << to_string(shape); }
std::ostream& operator<<(std::ostream& out, DType dtype) { return out << to_string(dtype); }
std::ostream& operator<<(std::ostream& out, Device device) { return out << to_string(device); }

}  // namespace tenon
