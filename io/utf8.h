// Text that goes into files which other programs parse.
#pragma once
#include <cstdint>
#include <string_view>

namespace tenon::io {

/// Whether the bytes are well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

/// The number of code points, taken as the number of columns on a screen. `text` is UTF-8.
std::int64_t code_points(std::string_view text);

/// The longest prefix of at most `count` code points.
std::string_view first_code_points(std::string_view text, std::int64_t count);

}  // namespace tenon::io
