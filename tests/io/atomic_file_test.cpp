#include <tenon/core/check.h>
#include <tenon/io/atomic_file.h>

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "support.h"

using namespace tenon;

TEST_CASE("write_file_atomically creates and replaces") {
  const TemporaryDirectory directory;
  const std::string bytes("a\0b\n", 4);
  io::write_file_atomically(directory / "x", bytes);
  CHECK(read_file(directory / "x") == bytes);
  io::write_file_atomically(directory / "x", "");
  CHECK(read_file(directory / "x").empty());
  CHECK(names_below(directory.path()) == std::vector<std::string>{"x"});
}

TEST_CASE("a new file follows the umask, a replaced one keeps its mode") {
  const TemporaryDirectory directory;
  const auto mode = [&] {
    struct stat status;
    REQUIRE(::stat((directory / "x").c_str(), &status) == 0);
    return status.st_mode & 07777;
  };
  const mode_t old = ::umask(027);
  io::write_file_atomically(directory / "x", "1");
  ::umask(old);
  CHECK(mode() == 0640);
  REQUIRE(::chmod((directory / "x").c_str(), 0604) == 0);
  io::write_file_atomically(directory / "x", "2");
  CHECK(mode() == 0604);
}

TEST_CASE("a failed write leaves the old file and no other") {
  const TemporaryDirectory directory;
  io::write_file_atomically(directory / "x", "old");
  const int status = status_of_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {100, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string message =
        message_of<IoError>([&] { io::write_file_atomically(directory / "x", std::string(1000, 'n')); });
    return message == "write_file_atomically: cannot write " + directory / "x" + ": File too large" ? 0 : 1;
  });
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(read_file(directory / "x") == "old");
  CHECK(names_below(directory.path()) == std::vector<std::string>{"x"});
}

TEST_CASE("places that take no file are refused by name") {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "d");
  REQUIRE(::mkfifo((directory / "pipe").c_str(), 0600) == 0);
  for (const char* name : {"d", "pipe"})
    CHECK(message_of<IoError>([&] { io::write_file_atomically(directory / name, "x"); }) ==
          "write_file_atomically: " + directory / name + " is not a regular file");
  const std::string temporary = directory / "missing/x.tmp.";
  const std::string message =
      message_of<IoError>([&] { io::write_file_atomically(directory / "missing/x", "x"); });
  CHECK(message.starts_with("write_file_atomically: cannot create " + temporary));
  CHECK(message.ends_with(": No such file or directory"));
  CHECK(message_of<Error>([] { io::write_file_atomically("", "x"); }) ==
        "write_file_atomically: '' is not a path");
  CHECK(names_below(directory.path()) == std::vector<std::string>{"d", "pipe"});
}
