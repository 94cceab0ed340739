// UTF-8 decoding.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace tenon::io {

/// Removes the first code point from `text`, which must not be empty. If it does not begin with a well-formed
/// one, removes a single byte and returns nothing.
std::optional<char32_t> take_code_point(std::string_view& text);

/// Whether the bytes are well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

/// The number of code points. `text` is UTF-8.
std::int64_t code_points(std::string_view text);

}  // namespace tenon::io
