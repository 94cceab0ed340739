// Errors: three types, checks in one line, formatting out of line.
#pragma once
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include <tenon/core/api.h>

namespace tenon {

/// Thrown by every failed check. The text reads `op: what is wrong; the values`.
struct TENON_API Error : std::runtime_error {
  using runtime_error::runtime_error;
};
/// The CUDA runtime or driver reported an error.
struct TENON_API CudaError : Error {
  using Error::Error;
};
/// A file or directory could not be read or written.
struct TENON_API IoError : Error {
  using Error::Error;
};

namespace detail {

/// One value of an error text: a reference to the value and a function that appends its text.
class Arg {
 public:
  template <class T>
  Arg(const T& value)
      : value_(&value), append_([](std::string& out, const void* v) {
          const T& x = *static_cast<const T*>(v);
          if constexpr (std::same_as<T, bool>) append_text(out, x ? "true" : "false");
          else if constexpr (std::is_integral_v<T> && std::is_unsigned_v<T>) append_unsigned(out, x);
          else if constexpr (std::is_integral_v<T>) append_integer(out, x);
          else if constexpr (std::is_floating_point_v<T>) append_real(out, static_cast<double>(x));
          else if constexpr (std::convertible_to<const T&, std::string_view>) append_text(out, x);
          else append_text(out, to_string(x));  // found by argument-dependent lookup
        }) {}
  void append_to(std::string& out) const { append_(out, value_); }

 private:
  TENON_API static void append_text(std::string& out, std::string_view text);
  TENON_API static void append_integer(std::string& out, std::int64_t value);
  TENON_API static void append_unsigned(std::string& out, std::uint64_t value);
  TENON_API static void append_real(std::string& out, double value);

  const void* value_;
  void (*append_)(std::string&, const void*);
};

TENON_API std::string format(std::string_view text, std::initializer_list<Arg> args);
/// The same, with the line of the running call (core/call.h) appended.
TENON_API std::string format_with_line(std::string_view text, std::initializer_list<Arg> args);
[[noreturn]] TENON_API void throw_error(std::string_view text, std::initializer_list<Arg> args);

}  // namespace detail

/// Throws Error with each `{}` of `text` replaced by the next value. Inside an operation the text begins with
/// the name of the function that the user called and ends with the line.
template <class... Args>
[[noreturn, gnu::cold, gnu::noinline]] void fail(std::string_view text, const Args&... args) {
  detail::throw_error(text, {detail::Arg(args)...});
}

/// Throws Error unless `condition` is true. The values are evaluated in any case, so do not pass computed
/// strings.
template <class... Args>
[[gnu::always_inline]] constexpr inline void check(bool condition, const char* text, const Args&... args) {
  if (!condition) [[unlikely]]
    fail(text, args...);
}

}  // namespace tenon
