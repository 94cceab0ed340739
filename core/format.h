// Opt-in: formatting of tensors, shapes, dtypes, devices and modules with fmt. Needs fmt, unlike tenon's
// other headers.
#pragma once
#include <fmt/format.h>

#include <tenon/core/tensor.h>

namespace tenon::nn {
class Module;
}
namespace tenon::detail {
template <class T>
struct Formatter : fmt::formatter<fmt::string_view> {
  template <class Context>
  auto format(const T& value, Context& context) const {
    return fmt::formatter<fmt::string_view>::format(to_string(value), context);
  }
};
}  // namespace tenon::detail

template <>
struct fmt::formatter<tenon::Tensor> : tenon::detail::Formatter<tenon::Tensor> {};
template <>
struct fmt::formatter<tenon::Shape> : tenon::detail::Formatter<tenon::Shape> {};
template <>
struct fmt::formatter<tenon::DType> : tenon::detail::Formatter<tenon::DType> {};
template <>
struct fmt::formatter<tenon::Device> : tenon::detail::Formatter<tenon::Device> {};
template <class M>
requires std::is_base_of_v<tenon::nn::Module, M>
struct fmt::formatter<M> : tenon::detail::Formatter<M> {
};
