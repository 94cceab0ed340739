#include <tenon/io/temporary_file.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>

namespace tenon::io {
namespace {

// A file name has at most 255 bytes; process and count take up to 23.
std::string common_name(const std::string& file) {
  return std::string(name_of(file).substr(0, 220)) + ".tmp.";
}

// A temporary file is locked while it is written. The process number is not sufficient, because another
// container or computer has its own. On a file system without locks, every attempt fails.
bool lock(const Descriptor& file) { return ::flock(file.number(), LOCK_EX | LOCK_NB) == 0; }

// Parses `<process>.<count>`.
std::optional<pid_t> process_of(std::string_view numbers) {
  const char* const end = numbers.data() + numbers.size();
  pid_t process = 0;
  int count = 0;
  const auto first = std::from_chars(numbers.data(), end, process);
  if (first.ec != std::errc() || process <= 0 || first.ptr == end || *first.ptr != '.') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, count);
  if (second.ec != std::errc() || second.ptr != end || count < 0) return std::nullopt;
  return process;
}

bool has_ended(pid_t process) { return ::kill(process, 0) != 0 && errno == ESRCH; }

void remove_unless_in_use(const std::string& path) {
  const Descriptor file = open_descriptor(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!file.is_open() || !lock(file)) return;
  struct stat locked, named;  // in between, the file may have been saved and the name reused
  if (::fstat(file.number(), &locked) == 0 && ::lstat(path.c_str(), &named) == 0 && S_ISREG(named.st_mode) &&
      locked.st_dev == named.st_dev && locked.st_ino == named.st_ino)
    ::unlink(path.c_str());
}

}  // namespace

TemporaryFile create_temporary_beside(std::string_view op, const SavePath& place) {
  static std::atomic<int> counter = 0;
  const std::string start = parent_of(place.file) + "/" + common_name(place.file);
  for (;;) {
    std::string path = start + std::to_string(::getpid()) + "." + std::to_string(counter++);
    Descriptor file = open_descriptor(path, O_WRONLY | O_CREAT | O_EXCL);
    if (!file.is_open()) {
      if (errno == EEXIST) continue;
      throw_io_error(op, place.old ? "create a file beside" : "create", place.path, errno);
    }
    // Until it is locked, another process may take the file for a leftover and remove it.
    const bool contested = !lock(file) && errno == EWOULDBLOCK;
    struct stat status;
    if (!contested && ::fstat(file.number(), &status) == 0 && status.st_nlink > 0)
      return {std::move(file), std::move(path)};
  }
}

void remove_left_over_temporaries(const std::string& file) {
  const std::string parent = parent_of(file), start = common_name(file);
  std::error_code error;
  for (std::filesystem::directory_iterator at(parent, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with(start)) continue;
    const std::optional<pid_t> process = process_of(std::string_view(name).substr(start.size()));
    if (process && (*process == ::getpid() || has_ended(*process))) remove_unless_in_use(parent + "/" + name);
  }
}

}  // namespace tenon::io
