// The element types of a tensor.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include <tenon/core/api.h>
#include <tenon/core/dtype_list.h>

namespace tenon {

TENON_API std::string to_string(DType dtype);

/// Bytes of one element.
constexpr std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::float32: return 4;
    case DType::float64: return 8;
    case DType::int64: return 8;
    case DType::boolean: return 1;
  }
  return 0;
}
constexpr bool is_floating_point(DType dtype) {
  switch (dtype) {
    case DType::float32:
    case DType::float64: return true;
    case DType::int64:
    case DType::boolean: return false;
  }
  return false;
}

/// A C++ type that tensors can hold: float, double, std::int64_t or bool.
template <class T>
concept Element = std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_same_v<T, std::int64_t> ||
    std::is_same_v<T, bool>;

template <Element T>
inline constexpr DType dtype_of = std::is_same_v<T, float>          ? DType::float32
                                  : std::is_same_v<T, double>       ? DType::float64
                                  : std::is_same_v<T, std::int64_t> ? DType::int64
                                                                    : DType::boolean;

namespace detail {
[[noreturn, gnu::cold]] TENON_API void fail_not_floating(const char* op, DType dtype);
[[noreturn, gnu::cold]] TENON_API void fail_not_number(const char* op, DType dtype);
}  // namespace detail

/// Calls f(std::type_identity<T>{}) with the C++ type of `dtype`.
template <class F>
[[gnu::always_inline]] inline decltype(auto) visit_any(DType dtype, F&& f) {
  switch (dtype) {
    case DType::float32: return f(std::type_identity<float>{});
    case DType::float64: return f(std::type_identity<double>{});
    case DType::int64: return f(std::type_identity<std::int64_t>{});
    case DType::boolean: return f(std::type_identity<bool>{});
  }
  __builtin_unreachable();
}
/// The same for float32 and float64; throws Error for other dtypes.
template <class F>
[[gnu::always_inline]] inline decltype(auto) visit_floating(const char* op, DType dtype, F&& f) {
  switch (dtype) {
    case DType::float32: return f(std::type_identity<float>{});
    case DType::float64: return f(std::type_identity<double>{});
    case DType::int64:
    case DType::boolean: break;
  }
  detail::fail_not_floating(op, dtype);
}
/// The same for all dtypes except boolean.
template <class F>
[[gnu::always_inline]] inline decltype(auto) visit_number(const char* op, DType dtype, F&& f) {
  switch (dtype) {
    case DType::float32: return f(std::type_identity<float>{});
    case DType::float64: return f(std::type_identity<double>{});
    case DType::int64: return f(std::type_identity<std::int64_t>{});
    case DType::boolean: break;
  }
  detail::fail_not_number(op, dtype);
}

}  // namespace tenon
