// The files and directories of a SummaryWriter.
#include <tenon/core/check.h>
#include <tenon/io/event.h>
#include <tenon/io/summary_writer.h>

#include <unistd.h>

#include <set>
#include <thread>

#include "../support/errors.h"
#include "../support/files.h"
#include "event_reader.h"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("an event file holds the records and nothing else") {
  const TemporaryDirectory directory;
  io::SummaryWriter writer(directory / "a/b", fixed);
  writer.add_scalar("loss", 0.25, 7);
  CHECK(read_file(only_event_file(directory / "a/b")) ==
        io::version_record(1700000000) + io::scalar_record("loss", 0.25, 7, 1700000000));
  const std::string name = std::filesystem::path(only_event_file(directory / "a/b")).filename().string();
  CHECK(name.starts_with("events.out.tfevents.1700000000."));
  CHECK(name.find("." + std::to_string(::getpid()) + ".") != name.npos);
}

TEST_CASE("add_scalars follows PyTorch's directory rule") {
  const TemporaryDirectory directory;
  io::SummaryWriter writer(directory / "run", fixed);
  const std::string name = "wd=0";
  writer.add_scalars(name, {{"train_loss", 1.0}, {"test_loss", 2.0}}, 0);
  writer.add_scalars(name, {{"train_loss", 0.5}, {"test_loss", 1.5}}, 1);
  writer.add_scalars("a/b", {{"c/d", 3.0}}, 5);
  CHECK(directories_below(directory / "run") ==
        std::vector<std::string>{"a_b_c", "a_b_c/d", "wd=0_test_loss", "wd=0_train_loss"});
  CHECK(read_scalars(directory / "run/wd=0_train_loss") ==
        std::vector<Scalar>{{"wd=0", 1.0f, 0, 1700000000}, {"wd=0", 0.5f, 1, 1700000000}});
  CHECK(read_scalars(directory / "run/wd=0_test_loss") ==
        std::vector<Scalar>{{"wd=0", 2.0f, 0, 1700000000}, {"wd=0", 1.5f, 1, 1700000000}});
  CHECK(read_scalars(directory / "run/a_b_c/d") == std::vector<Scalar>{{"a/b", 3.0f, 5, 1700000000}});
  CHECK(read_scalars(directory / "run").empty());  // the root's own file: only its version
}

TEST_CASE("few open files serve many runs") {
  const TemporaryDirectory directory;
  io::SummaryWriter writer(directory.path(), {.max_open_files = 2, .wall_time = fixed_time});
  const auto open_files = [] {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  const auto before = open_files();
  for (int step = 0; step < 3; ++step)
    for (const char* tag : {"a", "b", "c", "d", "e"}) writer.add_scalars("m", {{tag, step}}, step);
  CHECK(open_files() <= before + 1);
  writer.flush();
  CHECK(open_files() <= before + 1);
  for (const char* run : {"m_a", "m_b", "m_c", "m_d", "m_e"})
    CHECK(read_scalars(directory / run) == std::vector<Scalar>{{"m", 0.0f, 0, 1700000000},
                                               {"m", 1.0f, 1, 1700000000}, {"m", 2.0f, 2, 1700000000}});
}

TEST_CASE("the least recently used file is closed") {
  const TemporaryDirectory directory;
  io::SummaryWriter writer(directory.path(), {.max_open_files = 2, .wall_time = fixed_time});
  for (const char* tag : {"a", "b", "c"}) writer.add_scalars("m", {{tag, 1.0}}, 0);
  const std::string a = only_event_file(directory / "m_a"), b = only_event_file(directory / "m_b");
  std::filesystem::remove(a);
  std::filesystem::remove(b);
  CHECK_NOTHROW(writer.add_scalars("m", {{"b", 1.0}}, 1));  // still open
  CHECK(error_of<IoError>([&] {
    writer.add_scalars("m", {{"a", 1.0}}, 1);
  }) == "SummaryWriter: cannot reopen " + a + ": No such file or directory");
}

TEST_CASE("a file that vanished is not silently replaced") {
  const TemporaryDirectory directory;
  io::SummaryWriter writer(directory / "run", {.max_open_files = 1, .wall_time = fixed_time});
  const std::string path = only_event_file(directory / "run");
  writer.add_scalars("m", {{"x", 1.0}}, 0);
  std::filesystem::remove(path);
  CHECK(error_of<IoError>([&] { writer.add_scalar("loss", 1, 0); }) ==
        "SummaryWriter: cannot reopen " + path + ": No such file or directory");
}

TEST_CASE("a writer never opens an existing file") {
  const TemporaryDirectory directory;
  const io::SummaryWriter first(directory.path(), fixed);
  const std::string path = only_event_file(directory.path());
  const auto dot = path.rfind('.');
  const int count = std::stoi(path.substr(dot + 1));
  const auto numbered = [&](int number) { return path.substr(0, dot + 1) + std::to_string(number); };
  write_file(numbered(count + 1), "another process");
  const io::SummaryWriter second(directory.path(), fixed);
  CHECK(read_file(numbered(count + 1)) == "another process");
  CHECK(read_file(numbered(count + 2)) == io::version_record(1700000000));
}

TEST_CASE("next_run_directory uses the first free number") {
  const TemporaryDirectory directory;
  std::filesystem::create_directories(directory / "runs/exp2");
  CHECK(io::next_run_directory(directory / "runs", "exp") == directory / "runs/exp1");
  CHECK(io::next_run_directory(directory / "runs", "exp") == directory / "runs/exp3");
  CHECK(io::next_run_directory(directory / "new/runs", "exp") == directory / "new/runs/exp1");
  CHECK(std::filesystem::is_directory(directory / "new/runs/exp1"));
  CHECK(error_of([&] { io::next_run_directory(directory.path(), "../x"); }) ==
        "next_run_directory: '../x' is not a file name");
  CHECK(error_of([&] { io::next_run_directory("", "x"); }) == "next_run_directory: '' is not a path");
  write_file(directory / "file", "");
  CHECK(error_of<IoError>([&] { io::next_run_directory(directory / "file", "exp"); }) ==
        "next_run_directory: cannot create the directory " + directory / "file" + ": Not a directory");
}

TEST_CASE("next_run_directory gives every thread a different directory") {
  const TemporaryDirectory directory;
  std::vector<std::vector<std::string>> made(4);
  std::vector<std::thread> threads;
  for (auto& mine : made)
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) mine.push_back(io::next_run_directory(directory.path(), "exp"));
    });
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> different;
  for (const auto& mine : made) different.insert(mine.begin(), mine.end());
  CHECK(different.size() == 100);
  CHECK(different.contains(directory / "exp100"));
}
