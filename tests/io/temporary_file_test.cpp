#include <tenon/core/check.h>
#include <tenon/io/atomic_file.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <csignal>
#include <thread>

#include "../support/catch.h"
#include "../support/child.h"
#include "../support/errors.h"
#include "../support/files.h"

using namespace tenon;
using namespace tenon::test;

namespace {

// The process id of a process that has ended.
pid_t ended_process() {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(0);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  return child;
}

}  // namespace

TEST_CASE("the next save removes temporary files of killed runs") {
  const TemporaryDirectory directory;
  const std::string ended = std::to_string(ended_process()), own = std::to_string(::getpid()),
                    alive = std::to_string(::getppid());
  for (const std::string& name :
      {"x.tmp." + ended + ".0", "x.tmp." + ended + ".12", "x.tmp." + own + ".999999"})
    write_file(directory / name, "half");
  std::vector<std::string> others = {"x", "x.tmp." + alive + ".0", "y.tmp." + ended + ".0",
      "xx.tmp." + ended + ".0", "x.tmp." + ended, "x.tmp." + ended + ".0.svg", "x.tmp." + ended + ".a",
      "x.tmp.-1.0", "x.tmp.0.0", "x.tmp.99999999999999999999.0", "x.tmp.", "x.tmp.a.0",
      "x.tmp." + ended + "."};
  for (const std::string& name : others) write_file(directory / name, "keep");
  std::filesystem::create_directory(directory / ("x.tmp." + ended + ".1"));
  std::filesystem::create_symlink("y.tmp." + ended + ".0", directory / ("x.tmp." + ended + ".2"));
  REQUIRE(::mkfifo((directory / ("x.tmp." + ended + ".3")).c_str(), 0600) == 0);
  for (const char* number : {".1", ".2", ".3"}) others.push_back("x.tmp." + ended + number);
  std::sort(others.begin(), others.end());
  std::filesystem::create_symlink(directory / "x", directory / "link");
  io::check_writable(directory / "link");
  CHECK(names_below(directory.path()).size() == others.size() + 4);
  io::write_file_atomically(directory / "link", "new");
  std::filesystem::remove(directory / "link");
  CHECK(names_below(directory.path()) == others);
  CHECK(read_file(directory / "x") == "new");
  CHECK(read_file(directory / ("y.tmp." + ended + ".0")) == "keep");
}

TEST_CASE("a killed save leaves the old file, and the next save leaves no other") {
  const TemporaryDirectory directory;
  io::write_file_atomically(directory / "x", "old");
  const std::string bytes(1'000'000, 'n');
  const Child child([&] {
    std::thread([] {
      ::usleep(20'000);
      ::raise(SIGKILL);
    }).detach();
    for (;;) io::write_file_atomically(directory / "x", bytes);
    return 0;
  });
  REQUIRE(child.status() == "killed by signal 9");
  const std::string contents = read_file(directory / "x");
  CHECK((contents == "old" || contents == bytes));
  io::write_file_atomically(directory / "x", "new");
  CHECK(names_below(directory.path()) == std::vector<std::string>{"x"});
}

TEST_CASE("concurrent saves do not remove each other's temporary files") {
  const TemporaryDirectory directory;
  std::vector<std::string> messages(3);
  const auto save = [&](std::size_t who) {
    messages[who] = error_of([&] {
      for (int i = 0; i < 200; ++i)
        io::write_file_atomically(directory / "x", std::string(1000, static_cast<char>('a' + who)));
    });
  };
  const Child child([&] {
    save(2);
    return messages[2].empty() ? 0 : 1;
  });
  std::thread first([&] { save(0); }), second([&] { save(1); });
  first.join();
  second.join();
  CHECK(child.status() == "exited with 0");
  CHECK(messages[0].empty());
  CHECK(messages[1].empty());
  CHECK(names_below(directory.path()) == std::vector<std::string>{"x"});
}

TEST_CASE("a file in use is left alone, whatever its process is called") {  // as in another container
  const TemporaryDirectory directory;
  const std::string temporary = "x.tmp." + std::to_string(ended_process()) + ".0";
  const int file = ::open((directory / temporary).c_str(), O_WRONLY | O_CREAT, 0600);
  REQUIRE((file >= 0 && ::flock(file, LOCK_EX) == 0));
  io::write_file_atomically(directory / "x", "1");
  CHECK(names_below(directory.path()) == std::vector<std::string>{"x", temporary});
  ::close(file);
  io::write_file_atomically(directory / "x", "2");
  CHECK(names_below(directory.path()) == std::vector<std::string>{"x"});
}

TEST_CASE("a file name of the maximum length can be saved") {
  const TemporaryDirectory directory;
  const std::string longest(255, 'x');
  io::check_writable(directory / longest);
  io::write_file_atomically(directory / longest, "1");
  CHECK(names_below(directory.path()) == std::vector<std::string>{longest});
  write_file(directory / (longest.substr(0, 220) + ".tmp." + std::to_string(ended_process()) + ".0"), "half");
  io::write_file_atomically(directory / longest, "2");
  CHECK(names_below(directory.path()) == std::vector<std::string>{longest});
}
