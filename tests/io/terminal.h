// Captures the output of loops with a progress bar, to files and to terminals.
#pragma once
#include <tenon/io/progress.h>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>

#include <optional>
#include <string>
#include <vector>

#include "../support/catch.h"
#include "../support/files.h"

namespace tenon::test {

/// When this text arrives on the terminal, terminal_output() stops reading.
inline constexpr char end_of_output = '\x04';

inline double seconds = 0;
inline double test_clock() { return seconds; }

// Sets or removes an environment variable and restores the old value.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    set(value);
  }
  Environment(const Environment&) = delete;
  ~Environment() { set(old_ ? old_->c_str() : nullptr); }

 private:
  void set(const char* value) const {
    if (value != nullptr) ::setenv(name_, value, 1);
    else ::unsetenv(name_);
  }
  const char* name_;
  std::optional<std::string> old_;
};

// The output of a loop to a file that is not a terminal.
template <class Loop>
std::string plain_output(Loop loop) {
  const TemporaryDirectory directory;
  const int file = ::open((directory / "log").c_str(), O_WRONLY | O_CREAT, 0600);
  REQUIRE(file >= 0);
  seconds = 1000;
  loop(io::TrackOptions{.descriptor = file, .clock = test_clock});
  ::close(file);
  return read_file(directory / "log");
}

// The output of a loop to a terminal with `columns` columns.
template <class Loop>
std::string terminal_output(unsigned short columns, Loop loop) {
  const int screen = ::posix_openpt(O_RDWR | O_NOCTTY);
  REQUIRE((screen >= 0 && ::grantpt(screen) == 0 && ::unlockpt(screen) == 0));
  const int terminal = ::open(::ptsname(screen), O_RDWR | O_NOCTTY);
  REQUIRE(terminal >= 0);
  termios mode{};
  ::tcgetattr(terminal, &mode);
  ::cfmakeraw(&mode);
  ::tcsetattr(terminal, TCSANOW, &mode);
  const winsize size = {.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
  ::ioctl(terminal, TIOCSWINSZ, &size);
  seconds = 1000;
  loop(io::TrackOptions{.descriptor = terminal, .clock = test_clock});
  // The output arrives in pieces and must not exceed the terminal's buffer of 4 KiB.
  REQUIRE(::write(terminal, &end_of_output, 1) == 1);
  std::string out;
  for (char c = 0; ::read(screen, &c, 1) == 1 && c != end_of_output;) out += c;
  ::close(terminal);
  ::close(screen);
  return out;
}

/// The lines that a terminal shows after `bytes`, without trailing blanks. A '|' marks the cursor.
inline std::vector<std::string> shown(std::string_view bytes) {
  std::vector<std::string> lines(1);
  std::size_t row = 0, column = 0;
  while (!bytes.empty()) {
    const char c = bytes[0];
    if (bytes.starts_with("\x1b[")) {
      const std::size_t end = bytes.find_first_of("AJK");
      REQUIRE(end != bytes.npos);
      if (bytes[end] == 'A')
        row -= static_cast<std::size_t>(std::stoi(std::string(bytes.substr(2, end - 2))));
      else lines[row].resize(std::min(lines[row].size(), column));
      if (bytes[end] == 'J') lines.resize(row + 1);
      REQUIRE(row < lines.size());
      bytes.remove_prefix(end + 1);
      continue;
    }
    bytes.remove_prefix(1);
    if (c == '\r') {
      column = 0;
    } else if (c == '\n') {
      column = 0;
      if (++row == lines.size()) lines.emplace_back();
    } else {
      if (lines[row].size() <= column) lines[row].resize(column + 1, ' ');
      lines[row][column++] = c;
    }
  }
  lines[row].resize(std::max(lines[row].size(), column), ' ');
  lines[row].insert(column, "|");
  return lines;
}

}  // namespace tenon::test
