#include <tenon/core/check.h>
#include <tenon/io/atomic_file.h>
#include <tenon/io/descriptor.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <optional>

namespace tenon::io {
namespace {

constexpr std::string_view op = "write_file_atomically";

std::pair<Descriptor, std::string> create_temporary_beside(const std::string& path) {
  static std::atomic<int> counter = 0;
  for (;;) {
    std::string name = path + ".tmp." + std::to_string(::getpid()) + "." + std::to_string(counter++);
    Descriptor file = open_descriptor(name, O_WRONLY | O_CREAT | O_EXCL);
    if (file.is_open()) return {std::move(file), std::move(name)};
    if (errno != EEXIST) throw_io_error(op, "create", name, errno);
  }
}

// Of the file that is to be replaced, if there is one. Renaming over a device would put a file in its place.
std::optional<mode_t> mode_of_old(const std::string& path) {
  struct stat old;
  if (::stat(path.c_str(), &old) != 0) return std::nullopt;
  if (!S_ISREG(old.st_mode)) throw IoError(tenon::detail::format("{}: {} is not a regular file", {op, path}));
  return old.st_mode;
}

int fill(Descriptor& file, std::optional<mode_t> old_mode, std::string_view bytes) {
  if (old_mode && ::fchmod(file.number(), *old_mode & 07777) != 0) return errno;
  if (const int reason = write_all(file.number(), bytes)) return reason;
  if (::fsync(file.number()) != 0) return errno;
  return file.close();
}

}  // namespace

void write_file_atomically(const std::string& path, std::string_view bytes) {
  check(!path.empty() && path.find('\0') == path.npos, "{}: '{}' is not a path", op, path);
  const std::optional<mode_t> old_mode = mode_of_old(path);
  auto [file, temporary] = create_temporary_beside(path);
  int reason = fill(file, old_mode, bytes);
  if (reason == 0 && std::rename(temporary.c_str(), path.c_str()) != 0) reason = errno;
  if (reason == 0) return;
  ::unlink(temporary.c_str());
  throw_io_error(op, "write", path, reason);
}

}  // namespace tenon::io
