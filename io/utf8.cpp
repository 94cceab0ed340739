#include <tenon/io/utf8.h>

#include <cstddef>

namespace tenon::io {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

std::optional<char32_t> take_code_point(std::string_view& text) {
  const unsigned lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  const std::string_view bytes = text.substr(0, length);
  text.remove_prefix(1);
  if (length == 0 || bytes.size() < length) return std::nullopt;
  if (length == 1) return lead;
  char32_t code = lead & (0x7Fu >> length);
  for (const char c : bytes.substr(1)) {
    if (!continues(c)) return std::nullopt;
    code = code << 6 | (static_cast<unsigned char>(c) & 0x3F);
  }
  // The second byte determines overlong forms, surrogates and the upper bound.
  const unsigned second = static_cast<unsigned char>(bytes[1]);
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) ||
      (lead == 0xF4 && second > 0x8F))
    return std::nullopt;
  text.remove_prefix(length - 1);
  return code;
}

bool is_utf8(std::string_view text) {
  while (!text.empty())
    if (!take_code_point(text)) return false;
  return true;
}

std::int64_t code_points(std::string_view text) {
  std::int64_t count = 0;
  for (const char c : text) count += !continues(c);
  return count;
}

}  // namespace tenon::io
