// Which line of a program a call comes from.
#pragma once
#include <string>

#include <tenon/core/api.h>

namespace tenon {

/// The line that called an operation: errors end with it, and the tape records it. A substitute for
/// std::source_location, which clang 14 does not support with libstdc++. Calls made by the library itself
/// have no line (TENON_INTERNAL): they are part of a user's call, whose line counts.
class CallSite {
 public:
#ifdef TENON_INTERNAL
  static constexpr CallSite current(const char* file = nullptr, unsigned line = 0) {
    return CallSite(Private(), file, line);
  }
#else
  static constexpr CallSite current(const char* file = __builtin_FILE(), unsigned line = __builtin_LINE()) {
    return CallSite(Private(), file, line);
  }
#endif
  /// False if the line is not known.
  constexpr explicit operator bool() const { return file_ != nullptr; }
  /// As passed to the compiler; null if the line is not known.
  constexpr const char* file_name() const { return file_; }
  constexpr unsigned line() const { return line_; }

 private:
  // Without this argument, a list of dimensions such as {0, 1} could stand for a line.
  struct Private {
    explicit Private() = default;
  };
  constexpr CallSite(Private, const char* file, unsigned line) : file_(file), line_(line) {}
  const char* file_;
  unsigned line_;
};

/// `model.cpp:6`, or empty if the line is not known.
TENON_API std::string to_string(CallSite site);

}  // namespace tenon
