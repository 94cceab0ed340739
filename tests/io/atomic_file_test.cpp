#include <tenon/core/check.h>
#include <tenon/io/atomic_file.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "../support/catch.h"
#include "../support/child.h"
#include "../support/errors.h"
#include "../support/files.h"

using namespace tenon;
using namespace tenon::test;

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

TEST_CASE("a file that root replaces keeps its owner") {
  if (::geteuid() != 0) return;
  const TemporaryDirectory directory;
  io::write_file_atomically(directory / "x", "1");
  REQUIRE(::chown((directory / "x").c_str(), 65534, 65533) == 0);
  REQUIRE(::chmod((directory / "x").c_str(), 0600) == 0);
  io::write_file_atomically(directory / "x", "2");
  struct stat status;
  REQUIRE(::stat((directory / "x").c_str(), &status) == 0);
  CHECK(status.st_uid == 65534);
  CHECK(status.st_gid == 65533);
  CHECK((status.st_mode & 07777) == 0600);
}

TEST_CASE("a failed write leaves the old file and no other") {
  const TemporaryDirectory directory;
  io::write_file_atomically(directory / "x", "old");
  const Child child([&] {
    const rlimit limit = {100, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string message =
        error_of<IoError>([&] { io::write_file_atomically(directory / "x", std::string(1000, 'n')); });
    return message == "write_file_atomically: cannot write " + directory / "x" + ": File too large" ? 0 : 1;
  });
  CHECK(child.status() == "exited with 0");
  CHECK(read_file(directory / "x") == "old");
  CHECK(names_below(directory.path()) == std::vector<std::string>{"x"});
}

TEST_CASE("paths that cannot hold a file are refused by name") {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "d");
  std::filesystem::create_symlink("d", directory / "link");
  std::filesystem::create_symlink("loop", directory / "loop");
  std::filesystem::create_symlink("missing/x", directory / "nowhere");
  const std::vector<std::string> before = names_below(directory.path());
  for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{
           {"d", "write {}: Is a directory"}, {"d/", "write {}: Is a directory"},
           {"link", "write {}: Is a directory"}, {"loop", "write {}: Too many levels of symbolic links"},
           {"new/", "write {}: Is a directory"}, {"missing/x", "create {}: No such file or directory"},
           {"nowhere", "create {}: No such file or directory"}}) {
    const std::string path = directory / name;
    const std::string expected = ": cannot " + std::string(text).replace(text.find("{}"), 2, path);
    CHECK(error_of<IoError>([&] { io::write_file_atomically(path, "x"); }) ==
          "write_file_atomically" + expected);
    CHECK(error_of<IoError>([&] { io::check_writable(path); }) == "check_writable" + expected);
  }
  CHECK(error_of([] { io::write_file_atomically("", "x"); }) == "write_file_atomically: '' is not a path");
  CHECK(error_of([] { io::check_writable(""); }) == "check_writable: '' is not a path");
  CHECK_THROWS_AS(io::check_writable(std::string("a\0b", 3)), Error);
  CHECK(names_below(directory.path()) == before);
}

TEST_CASE("files that the user may not write are refused and stay unchanged") {
  const TemporaryDirectory directory;
  write_file(directory / "protected", "old");
  std::filesystem::create_directory(directory / "full");
  write_file(directory / "full/x", "old");
  ::chmod((directory / "full/x").c_str(), 0666);
  ::chmod((directory / "full").c_str(), 0555);
  ::chmod((directory / "protected").c_str(), 0444);
  ::chmod(directory.path().c_str(), 0777);
  const Child child([&] {
    if (::geteuid() == 0 && ::setuid(65534) != 0) return 77;  // root may write everything
    for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{
             {"protected", "write"}, {"full/x", "create a file beside"}, {"full/new", "create"}}) {
      const std::string path = directory / name;
      const std::string expected = ": cannot " + text + " " + path + ": Permission denied";
      if (error_of<IoError>([&] { io::check_writable(path); }) != "check_writable" + expected) return 1;
      if (error_of<IoError>([&] { io::write_file_atomically(path, "x"); }) !=
          "write_file_atomically" + expected)
        return 2;
    }
    return 0;
  });
  CHECK(child.status() == "exited with 0");
  CHECK(read_file(directory / "protected") == "old");
  CHECK(names_below(directory.path()) == std::vector<std::string>{"full", "full/x", "protected"});
}

TEST_CASE("a writable path passes the check and stays unchanged") {
  const TemporaryDirectory directory;
  write_file(directory / "x", "old");
  std::filesystem::create_symlink("x", directory / "link");
  std::filesystem::create_symlink("new", directory / "dangling");
  REQUIRE(::mkfifo((directory / "pipe").c_str(), 0600) == 0);
  const std::vector<std::string> before = names_below(directory.path());
  for (const char* name : {"x", "link", "dangling", "pipe", "other"})
    CHECK_NOTHROW(io::check_writable(directory / name));
  CHECK_NOTHROW(io::check_writable("/dev/null"));
  CHECK(names_below(directory.path()) == before);
  CHECK(read_file(directory / "x") == "old");
}

TEST_CASE("a symbolic link stays, and its target is written") {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "d");
  write_file(directory / "d/x", "old");
  std::filesystem::create_symlink("d/x", directory / "relative");
  std::filesystem::create_symlink(directory / "relative", directory / "absolute");
  std::filesystem::create_symlink("d/new", directory / "dangling");
  io::write_file_atomically(directory / "absolute", "1");
  CHECK(read_file(directory / "d/x") == "1");
  io::write_file_atomically(directory / "dangling", "2");
  CHECK(read_file(directory / "d/new") == "2");
  for (const char* name : {"relative", "absolute", "dangling"})
    CHECK(std::filesystem::is_symlink(directory / name));
  CHECK(names_below(directory.path()) ==
        std::vector<std::string>{"absolute", "d", "d/new", "d/x", "dangling", "relative"});
}

TEST_CASE("a device is written in place") {
  const TemporaryDirectory directory;
  std::filesystem::create_symlink("/dev/null", directory / "null");
  io::write_file_atomically(directory / "null", "x");
  CHECK(std::filesystem::is_symlink(directory / "null"));
  CHECK(std::filesystem::is_character_file("/dev/null"));
  CHECK(error_of<IoError>([] { io::write_file_atomically("/dev/full", "x"); }) ==
        "write_file_atomically: cannot write /dev/full: No space left on device");
}

TEST_CASE("a named pipe is written in place if it has a reader") {
  const TemporaryDirectory directory;
  const std::string pipe = directory / "pipe", bytes(100'000, 'x');
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::string read;
  std::thread reader([&] { read = read_file(pipe); });
  io::write_file_atomically(pipe, bytes);
  reader.join();
  CHECK(read == bytes);
  CHECK(error_of<IoError>([&] { io::write_file_atomically(pipe, "x"); }) ==
        "write_file_atomically: cannot write " + pipe + ": No such device or address");
  CHECK(std::filesystem::is_fifo(pipe));
}

TEST_CASE("an open descriptor is written at its position") {
  const TemporaryDirectory directory;
  const std::string log = directory / "log";
  const int file = ::open(log.c_str(), O_WRONLY | O_CREAT, 0600), null = ::open("/dev/null", O_RDONLY);
  REQUIRE((file >= 0 && null >= 0 && ::write(file, "before\n", 7) == 7));
  const std::string number = std::to_string(file);
  std::filesystem::create_symlink("/proc/self/fd/" + number, directory / "out");  // as /dev/stdout is
  for (const std::string& path : {"/dev/fd/" + number, "/proc/self/fd/" + number,
           "/proc/" + std::to_string(::getpid()) + "/fd/" + number, "/proc/thread-self/fd/" + number,
           directory / "out"}) {
    CHECK_NOTHROW(io::check_writable(path));
    io::write_file_atomically(path, "plot\n");
  }
  REQUIRE(::write(file, "after\n", 6) == 6);
  CHECK(read_file(log) == "before\nplot\nplot\nplot\nplot\nplot\nafter\n");
  CHECK(std::filesystem::is_symlink(directory / "out"));
  CHECK(std::filesystem::remove(log));
  CHECK_NOTHROW(io::write_file_atomically(directory / "out", "x"));  // an unlinked file
  const std::string unwritable = "/dev/fd/" + std::to_string(null);
  CHECK(error_of<IoError>([&] { io::check_writable(unwritable); }) ==
        "check_writable: cannot write " + unwritable + ": Bad file descriptor");
  ::close(file);
  ::close(null);
  CHECK(error_of<IoError>([&] { io::write_file_atomically(directory / "out", "x"); }) ==
        "write_file_atomically: cannot write " + directory / "out" + ": No such file or directory");
  CHECK(names_below(directory.path()) == std::vector<std::string>{"out"});
}

TEST_CASE("a pipe or socket by its descriptor is written in place") {
  for (const bool socket : {false, true}) {
    int ends[2];
    REQUIRE((socket ? ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : ::pipe(ends)) == 0);
    io::write_file_atomically("/dev/fd/" + std::to_string(ends[1]), "plot");
    char bytes[8];
    CHECK(std::string(bytes, static_cast<std::size_t>(::read(ends[0], bytes, 8))) == "plot");
    ::close(ends[0]);
    ::close(ends[1]);
  }
}

TEST_CASE("readers see either the old or the new contents") {
  const TemporaryDirectory directory;
  const std::string old(100'000, 'o'), fresh(200'000, 'f');
  io::write_file_atomically(directory / "x", old);
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; i < 100; ++i) io::write_file_atomically(directory / "x", i % 2 == 0 ? fresh : old);
    done = true;
  });
  bool whole = true;
  while (!done) {
    const std::string contents = read_file(directory / "x");
    whole = whole && (contents == old || contents == fresh);
  }
  writer.join();
  CHECK(whole);
}
