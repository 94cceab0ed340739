#include <tenon/core/check.h>
#include <tenon/io/descriptor.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace tenon::io {
namespace {

// In its scope, a write to a broken pipe or beyond the file size limit fails without ending the process: the
// signal goes to the writing thread, which discards it. Signal handlers are unchanged.
class SignalsOfWriting {
 public:
  SignalsOfWriting() {
    sigset_t pending;
    ::sigpending(&pending);
    ::sigemptyset(&held_back_);
    for (const int signal : {SIGPIPE, SIGXFSZ})
      if (::sigismember(&pending, signal) == 0) ::sigaddset(&held_back_, signal);
    ::pthread_sigmask(SIG_BLOCK, &held_back_, &mask_);
  }
  SignalsOfWriting(const SignalsOfWriting&) = delete;
  ~SignalsOfWriting() {
    constexpr timespec at_once{};
    while (::sigtimedwait(&held_back_, nullptr, &at_once) > 0 || errno == EINTR) {}
    ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }

 private:
  sigset_t held_back_;
  sigset_t mask_;
};

// For a non-blocking descriptor, which another process that shares it, such as a shell, may have made so.
void wait_for_room(int number) {
  pollfd room = {.fd = number, .events = POLLOUT, .revents = 0};
  ::poll(&room, 1, -1);
}

}  // namespace

void throw_io_error(std::string_view op, std::string_view action, std::string_view path, int reason) {
  const std::string text = std::generic_category().message(reason);
  throw IoError(tenon::detail::format("{}: cannot {} {}: {}", {op, action, path, text}));
}

Descriptor::~Descriptor() {
  if (is_open()) ::close(number_);
}

int Descriptor::close() {
  // After EINTR, Linux has closed the file nevertheless.
  return ::close(std::exchange(number_, -1)) == 0 || errno == EINTR ? 0 : errno;
}

Descriptor open_descriptor(const std::string& path, int flags) {
  int number = -1;
  do number = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
  while (number < 0 && errno == EINTR);
  if (number < 0 || number > STDERR_FILENO) return Descriptor(number);
  const Descriptor low(number);
  Descriptor file = duplicate_descriptor(number);
  if (const int reason = errno; !file.is_open() && (flags & O_EXCL) != 0) {
    ::unlink(path.c_str());
    errno = reason;
  }
  return file;
}

Descriptor duplicate_descriptor(int number) {
  return Descriptor(::fcntl(number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

int write_all(int number, std::string_view bytes) {
  const SignalsOfWriting held_back;
  while (!bytes.empty()) {
    const ssize_t written = ::write(number, bytes.data(), bytes.size());
    if (written >= 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    else if (errno == EAGAIN) wait_for_room(number);
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
