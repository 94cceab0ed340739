// File descriptors; every failure is an IoError with the path and the system's reason.
#pragma once
#include <string>
#include <string_view>
#include <utility>

namespace tenon::io {

/// Throws IoError `<op>: cannot <action> <path>: <the text of errno>`.
[[noreturn]] void throw_io_error(
    std::string_view op, std::string_view action, std::string_view path, int reason);

/// Owns an open file descriptor, or none.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();

  bool is_open() const { return number_ >= 0; }
  int number() const { return number_; }
  /// Closes the descriptor. Some file systems report a full disk only here. Returns 0 or errno.
  int close();

 private:
  int number_ = -1;
};

/// open(2) with O_CLOEXEC and mode 0666; on failure the result is not open and errno is set. Never returns
/// descriptor 0, 1 or 2, even if the program has closed them: output of other code must not end up in our
/// files.
Descriptor open_descriptor(const std::string& path, int flags);

/// Another descriptor of the same open file, sharing its position; also never 0, 1 or 2.
Descriptor duplicate_descriptor(int number);

/// Writes all bytes, in one write(2) unless the system accepts fewer. Returns 0 or errno. Signals raised by
/// the write do not end the process.
int write_all(int number, std::string_view bytes);

/// mkdir -p. Throws IoError.
void create_directories(std::string_view op, const std::string& path);

}  // namespace tenon::io
