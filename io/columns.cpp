#include <tenon/io/column_table.h>
#include <tenon/io/columns.h>
#include <tenon/io/utf8.h>

#include <algorithm>
#include <span>

namespace tenon::io {
namespace {

constexpr char32_t emoji_selector = 0xFE0F;  // displays the preceding character as an emoji, two columns wide

bool is_in(std::span<const CodePoints> ranges, char32_t c) {
  const auto behind = std::upper_bound(
      ranges.begin(), ranges.end(), c, [](char32_t x, const CodePoints& r) { return x < r.first; });
  return behind != ranges.begin() && c <= std::prev(behind)->last;
}

bool is_control(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

int columns_of(char32_t c) {
  if (c < 0x300) return 1;
  return is_in(zero_width, c) ? 0 : is_in(wide, c) ? 2 : 1;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view rest = text;
    const std::optional<char32_t> c = take_code_point(text);
    if (!c) out += '?';
    else if (is_control(*c)) out += ' ';
    else out += rest.substr(0, rest.size() - text.size());
  }
  return out;
}

std::int64_t columns(std::string_view text) {
  std::int64_t total = 0;
  int before = 0;
  while (!text.empty()) {
    const char32_t c = take_code_point(text).value_or('?');
    const int width = c == emoji_selector && before == 1 ? 1 : columns_of(c);
    total += width;
    before = width;
  }
  return total;
}

std::string_view first_columns(std::string_view text, std::int64_t count) {
  std::string_view rest = text;
  std::size_t fits = 0;
  while (!rest.empty()) {
    take_code_point(rest);
    if (columns(text.substr(0, text.size() - rest.size())) > count) break;
    fits = text.size() - rest.size();
  }
  return text.substr(0, fits);
}

}  // namespace tenon::io
