#include <tenon/core/check.h>
#include <tenon/io/atomic_file.h>
#include <tenon/io/descriptor.h>
#include <tenon/io/progress.h>
#include <tenon/io/summary_writer.h>

#include <fcntl.h>
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <thread>

#include "../support/child.h"
#include "../support/errors.h"
#include "../support/files.h"
#include "event_reader.h"

using namespace tenon;
using namespace tenon::test;

namespace {

// A pipe whose read end is closed.
int broken_pipe() {
  int ends[2];
  if (::pipe(ends) != 0) return -1;
  ::close(ends[0]);
  return ends[1];
}

std::string by_number(int descriptor) { return "/dev/fd/" + std::to_string(descriptor); }

bool is_pending(int signal) {
  sigset_t pending;
  ::sigpending(&pending);
  return ::sigismember(&pending, signal) == 1;
}

int signals_caught = 0;
void count_signal(int) { ++signals_caught; }

}  // namespace

TEST_CASE("the library's files never become standard input, output or error") {
  const TemporaryDirectory directory;
  const std::string path = directory / "run";
  const Child child([&] {
    for (const int standard : {0, 1, 2}) ::close(standard);
    const io::Descriptor file = io::open_descriptor("/dev/null", O_RDONLY);
    const io::Descriptor copy = io::duplicate_descriptor(file.number());
    if (file.number() <= 2 || copy.number() <= 2) return 1;
    for (const int number : {file.number(), copy.number()})
      if (::fcntl(number, F_GETFD) != FD_CLOEXEC) return 2;
    io::SummaryWriter writer(path, {.max_open_files = 1});
    for ([[maybe_unused]] const std::int64_t step : io::track(2, "not for the event file"))
      for (const char* tag : {"x", "y"}) writer.add_scalars("m", {{tag, 1.0}}, step);  // reopens the files
    io::write_file_atomically(directory / "plot", "plot");
    return ::fcntl(0, F_GETFD) == -1 && ::fcntl(1, F_GETFD) == -1 && ::fcntl(2, F_GETFD) == -1 ? 0 : 3;
  });
  CHECK(child.status() == "exited with 0");
  CHECK(read_scalars(path).empty());
  for (const char* run : {"run/m_x", "run/m_y"}) CHECK(read_scalars(directory / run).size() == 2);
  CHECK(read_file(directory / "plot") == "plot");
}

TEST_CASE("a descriptor that cannot be moved up is closed again") {
  const Child child([] {
    ::close(0);
    const rlimit only_standard = {3, 3};
    ::setrlimit(RLIMIT_NOFILE, &only_standard);
    if (io::open_descriptor("/dev/null", O_RDONLY).is_open() || errno != EINVAL) return 1;
    return ::fcntl(0, F_GETFD) == -1 ? 0 : 2;
  });
  CHECK(child.status() == "exited with 0");
}

TEST_CASE("a broken pipe is a write error and does not kill the process") {
  const Child child([] {
    std::signal(SIGPIPE, SIG_DFL);
    const int pipe = broken_pipe();
    if (io::write_all(pipe, "x") != EPIPE) return 1;
    if (error_of<IoError>([&] { io::write_file_atomically(by_number(pipe), "x"); }) !=
        "write_file_atomically: cannot write " + by_number(pipe) + ": Broken pipe")
      return 2;
    return is_pending(SIGPIPE) ? 3 : 0;
  });
  CHECK(child.status() == "exited with 0");
}

TEST_CASE("a progress bar whose reader has closed the pipe does not stop the loop") {
  const Child child([] {
    std::signal(SIGPIPE, SIG_DFL);
    ::dup2(broken_pipe(), 2);
    int steps = 0;
    for ([[maybe_unused]] const std::int64_t step : io::track(3, "x")) ++steps;
    return steps == 3 ? 0 : 1;
  });
  CHECK(child.status() == "exited with 0");
}

TEST_CASE("a broken pipe leaves the program's own signals alone") {
  const Child child([] {
    struct sigaction before, after;
    std::signal(SIGPIPE, count_signal);
    ::sigaction(SIGPIPE, nullptr, &before);
    const int pipe = broken_pipe();
    io::write_all(pipe, "x");
    ::sigaction(SIGPIPE, nullptr, &after);
    if (signals_caught != 0 || before.sa_handler != after.sa_handler) return 1;
    sigset_t set, mask;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::raise(SIGPIPE);  // the program's own signal, raised before the write
    io::write_all(pipe, "x");
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    if (!is_pending(SIGPIPE) || ::sigismember(&mask, SIGPIPE) != 1) return 2;
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    if (signals_caught != 1) return 3;
    const ssize_t written = ::write(pipe, "x", 1);
    return written == -1 && signals_caught == 2 ? 0 : 4;
  });
  CHECK(child.status() == "exited with 0");
}

TEST_CASE("a write to a non-blocking descriptor waits") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_NONBLOCK) == 0);
  const std::string bytes(1'000'000, 'x');
  int reason = -1;
  std::thread writer([&] {
    reason = io::write_all(ends[1], bytes);
    ::close(ends[1]);
  });
  std::string read;
  char piece[4096];
  for (ssize_t n = -1; n != 0; n = ::read(ends[0], piece, sizeof piece))
    if (n > 0) read.append(piece, static_cast<std::size_t>(n));
  writer.join();
  ::close(ends[0]);
  CHECK(reason == 0);
  CHECK(read == bytes);
}
