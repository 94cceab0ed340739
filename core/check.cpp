#include <tenon/core/check.h>

#include <fmt/format.h>

namespace tenon::detail {

void Arg::append_text(std::string& out, std::string_view text) { out += text; }
void Arg::append_integer(std::string& out, std::int64_t value) {
  fmt::format_to(std::back_inserter(out), "{}", value);
}
void Arg::append_unsigned(std::string& out, std::uint64_t value) {
  fmt::format_to(std::back_inserter(out), "{}", value);
}
void Arg::append_real(std::string& out, double value) {
  fmt::format_to(std::back_inserter(out), "{}", value);
}

std::string format(std::string_view text, std::initializer_list<Arg> args) {
  std::string out;
  for (const Arg& arg : args) {
    const auto hole = text.find("{}");
    if (hole == text.npos) break;
    out += text.substr(0, hole);
    arg.append_to(out);
    text.remove_prefix(hole + 2);
  }
  out += text;
  return out;
}

void throw_error(std::string_view text, std::initializer_list<Arg> args) { throw Error(format(text, args)); }

}  // namespace tenon::detail
