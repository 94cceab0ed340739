// Text in the columns of a terminal.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace tenon::io {

/// `text` without what would break its line or command the terminal: control characters (C0, DEL, C1), line
/// separators and changes of the writing direction become spaces, bytes that are not UTF-8 become '?'.
std::string printable(std::string_view text);

/// How many columns printable text takes: 2 for East Asian wide characters and emoji, 0 for combining marks.
std::int64_t columns(std::string_view text);

/// The longest beginning of printable text that takes at most `count` columns. Marks stay with their letter.
std::string_view first_columns(std::string_view text, std::int64_t count);

}  // namespace tenon::io
