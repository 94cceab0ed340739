#include <tenon/core/check.h>

#include <cmath>

#include <fmt/format.h>

#include <tenon/core/call.h>
#include <tenon/core/formatted.h>

namespace tenon {

constinit thread_local const Call* running_call = nullptr;

std::string to_string(CallSite site) {
  return site ? fmt::format("{}:{}", site.file_name(), site.line()) : std::string();
}

namespace detail {

void Arg::append_text(std::string& out, std::string_view text) { out += text; }
void Arg::append_integer(std::string& out, std::int64_t value) { out += fmt::to_string(value); }
void Arg::append_unsigned(std::string& out, std::uint64_t value) { out += fmt::to_string(value); }
void Arg::append_real(std::string& out, double value) {
  out += fmt::to_string(value != value ? std::abs(value) : value);  // never -nan
}

std::string vformatted(fmt::string_view text, fmt::format_args args) { return fmt::vformat(text, args); }

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

std::string format_with_line(std::string_view text, std::initializer_list<Arg> args) {
  std::string out = format(text, args);
  if (running_call && running_call->site()) out += " (" + to_string(running_call->site()) + ")";
  return out;
}

namespace {

/// Replaces the first word of an error, the function that found it, by the function that the user called.
std::string with_name(std::string text) {
  const auto end = text.find(": ");
  const bool is_name =
      end != text.npos && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789") == end;
  return running_call && is_name ? running_call->name() + text.substr(end) : text;
}

}  // namespace

void throw_error(std::string_view text, std::initializer_list<Arg> args) {
  throw Error(with_name(format_with_line(text, args)));
}

}  // namespace detail
}  // namespace tenon
