#include <tenon/io/utf8.h>

#include <cstddef>

namespace tenon::io {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const unsigned lead = static_cast<unsigned char>(text[0]);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    if (length == 0 || text.size() < length) return false;
    for (std::size_t i = 1; i < length; ++i)
      if (!continues(text[i])) return false;
    // The second byte decides about overlong forms, surrogates and the upper end.
    const unsigned second = length > 1 ? static_cast<unsigned char>(text[1]) : 0;
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F))
      return false;
    text.remove_prefix(length);
  }
  return true;
}

std::int64_t code_points(std::string_view text) {
  std::int64_t count = 0;
  for (const char c : text) count += !continues(c);
  return count;
}

std::string_view first_code_points(std::string_view text, std::int64_t count) {
  for (std::size_t i = 0; i < text.size(); ++i)
    if (!continues(text[i]) && count-- == 0) return text.substr(0, i);
  return text;
}

}  // namespace tenon::io
