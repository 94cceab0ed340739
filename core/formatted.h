// fmt::format, compiled once: its code takes seconds in each file that calls it directly. Private.
#pragma once
#include <string>

#include <fmt/core.h>

namespace tenon::detail {

std::string vformatted(fmt::string_view text, fmt::format_args args);

template <class... Args>
std::string formatted(fmt::format_string<Args...> text, const Args&... args) {
  return vformatted(text, fmt::make_format_args(args...));
}

}  // namespace tenon::detail
