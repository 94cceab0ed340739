// Text as other programs read it.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace tenon::io {

/// Takes the first code point off `text`, which is not empty; where no well-formed one begins, a single byte
/// and nothing is returned.
std::optional<char32_t> take_code_point(std::string_view& text);

/// Whether the bytes are well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

/// The number of code points. `text` is UTF-8.
std::int64_t code_points(std::string_view text);

}  // namespace tenon::io
