#include <tenon/core/check.h>
#include <tenon/io/descriptor.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace tenon::io {

void throw_io_error(std::string_view op, std::string_view action, std::string_view path, int reason) {
  const std::string text = std::generic_category().message(reason);
  throw IoError(tenon::detail::format("{}: cannot {} {}: {}", {op, action, path, text}));
}

Descriptor::~Descriptor() {
  if (is_open()) ::close(number_);
}

int Descriptor::close() {
  // After EINTR Linux has closed the file all the same.
  return ::close(std::exchange(number_, -1)) == 0 || errno == EINTR ? 0 : errno;
}

Descriptor open_descriptor(const std::string& path, int flags) {
  int number = -1;
  do number = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
  while (number < 0 && errno == EINTR);
  return Descriptor(number);
}

Descriptor duplicate_descriptor(int number) { return Descriptor(::fcntl(number, F_DUPFD_CLOEXEC, 3)); }

int write_all(int number, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(number, bytes.data(), bytes.size());
    if (written >= 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EINTR) return errno;
  }
  return 0;
}

void create_directories(std::string_view op, const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) throw_io_error(op, "create the directory", path, error.value());
}

}  // namespace tenon::io
