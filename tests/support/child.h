// A child process.
#pragma once
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <type_traits>

namespace tenon::test {

/// A forked child process. Its exit status is the value returned by `body`, unless `body` exits itself, or
/// 100 after an exception.
class Child {
 public:
  static constexpr unsigned most_seconds = 20;  // so that it cannot hang

  template <class Body>
  explicit Child(Body body) {
    std::fflush(nullptr);
    pid_ = fork();
    if (pid_ != 0) return;
    alarm(most_seconds);
    int status = 100;
    try {
      if constexpr (std::is_void_v<decltype(body())>) body();
      else status = body();
    } catch (...) {}
    _exit(status);
  }
  /// Waits for the child to end and describes how: "exited with 0".
  std::string status() const {
    int status = 0;
    if (waitpid(pid_, &status, 0) != pid_) return "no child";
    return WIFEXITED(status) ? "exited with " + std::to_string(WEXITSTATUS(status))
                             : "killed by signal " + std::to_string(WTERMSIG(status));
  }

 private:
  pid_t pid_;
};

}  // namespace tenon::test
