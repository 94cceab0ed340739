// Errors as text.
#pragma once
#include <source_location>
#include <string>

#include <tenon/core/check.h>

namespace tenon::test {

/// The text of the Exception that f throws, including the line at its end; empty if it throws none.
template <class Exception = Error, class F>
std::string full_error_of(F&& f) {
  try {
    f();
  } catch (const Exception& error) { return error.what(); }
  return "";
}

/// The same without the line.
template <class Exception = Error, class F>
std::string error_of(F&& f) {
  std::string text = full_error_of<Exception>(f);
  const auto line = text.rfind(" (");
  if (line != text.npos && text.find(".cpp:", line) != text.npos && text.back() == ')') text.erase(line);
  return text;
}

/// ` (file:line)` of the calling file, as at the end of errors.
inline std::string at_line(unsigned line, std::source_location caller = std::source_location::current()) {
  return " (" + std::string(caller.file_name()) + ":" + std::to_string(line) + ")";
}

}  // namespace tenon::test
