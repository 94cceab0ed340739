// Text measured in terminal columns.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace tenon::io {

/// `text` without anything that would break the line or control the terminal: control characters (C0, DEL,
/// C1), line separators and changes of writing direction become spaces; bytes that are not UTF-8 become '?'.
std::string printable(std::string_view text);

/// The number of columns of printable text: 2 for East Asian wide characters and emoji, 0 for combining
/// marks.
std::int64_t columns(std::string_view text);

/// The longest prefix of printable text that fits into `count` columns. Combining marks stay with their base
/// character.
std::string_view first_columns(std::string_view text, std::int64_t count);

}  // namespace tenon::io
