// Files by descriptor, with every failure an IoError that names the path and the system's reason.
#pragma once
#include <string>
#include <string_view>
#include <utility>

namespace tenon::io {

/// Throws IoError `<op>: cannot <action> <path>: <the text of errno>`.
[[noreturn]] void throw_io_error(
    std::string_view op, std::string_view action, std::string_view path, int reason);

/// Owns an open file, or nothing.
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
  /// Gives the descriptor up. Some file systems report a full disk only here: 0 or errno.
  int close();

 private:
  int number_ = -1;
};

/// open(2) with O_CLOEXEC and mode 0666: a descriptor that is not open, with errno set, if that failed. It is
/// never 0, 1 or 2, even where the program has closed them: what others print must not land in our files.
Descriptor open_descriptor(const std::string& path, int flags);

/// Another descriptor of the same open file, sharing its position; not 0, 1 or 2 either.
Descriptor duplicate_descriptor(int number);

/// Writes all bytes, in one write(2) unless the system takes fewer: 0 or errno. No signal ends the process.
int write_all(int number, std::string_view bytes);

/// mkdir -p. Throws IoError.
void create_directories(std::string_view op, const std::string& path);

}  // namespace tenon::io
