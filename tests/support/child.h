// A child process.
#pragma once
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <type_traits>

namespace tenon::test {

/// A forked child. It ends with the status that `body` returns, or as `body` ends it; by an exception, with
/// 100.
class Child {
 public:
  static constexpr unsigned most_seconds = 20;  // it must not hang

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
  /// Waits for its end: "exited with 0".
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
