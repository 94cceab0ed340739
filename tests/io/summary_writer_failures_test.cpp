// Arguments that SummaryWriter refuses, and the files that a failure leaves.
#include <tenon/autograd/ops.h>
#include <tenon/core/check.h>
#include <tenon/io/event.h>
#include <tenon/io/summary_writer.h>

#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <type_traits>

#include "../support/child.h"
#include "../support/errors.h"
#include "../support/files.h"
#include "event_reader.h"

using namespace tenon;
using namespace tenon::test;

namespace {

// From here on no file of this process may grow beyond `size`: a write past it is cut short, and the next
// fails.
void limit_file_size(rlim_t size) {
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = size;
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

}  // namespace

TEST_CASE("a tag cannot leave the log directory") {
  const TemporaryDirectory directory;
  io::SummaryWriter writer(directory / "run", fixed);
  writer.add_scalars("../up", {{"x", 1.0}}, 0);
  writer.add_scalars("/etc", {{"x", 1.0}}, 0);
  writer.add_scalars("..", {{"x", 1.0}}, 0);
  for (const char* tag : {"..", "../x", "x/../../y", "x/.", "/x", "x/", "x//y"}) {
    CHECK(error_of([&] {
      writer.add_scalars("main", {{"good", 1.0}, {tag, 1.0}}, 0);
    }) == "add_scalars: the tag '" + std::string(tag) + "' is not a path below the log directory");
  }
  CHECK(directories_below(directory.path()) ==
        std::vector<std::string>{"run", "run/.._up_x", "run/.._x", "run/_etc_x"});
}

TEST_CASE("tags that no reader could parse are refused") {
  const TemporaryDirectory directory;
  io::SummaryWriter writer(directory.path(), fixed);
  const std::vector<double> values = {1};
  const std::string nul("a\0b", 3);
  CHECK(error_of([&] { writer.add_scalar("", 1, 0); }) == "add_scalar: the tag is empty");
  CHECK(error_of([&] { writer.add_scalars("", {{"x", 1.0}}, 0); }) == "add_scalars: the tag is empty");
  CHECK(error_of([&] { writer.add_scalars("main", {{"", 1.0}}, 0); }) == "add_scalars: the tag is empty");
  CHECK(error_of([&] { writer.add_histogram("", values, 0); }) == "add_histogram: the tag is empty");
  CHECK(error_of([&] { writer.add_scalar("\xff", 1, 0); }) == "add_scalar: a tag must be UTF-8 without NUL");
  CHECK(error_of([&] { writer.add_scalar(nul, 1, 0); }) == "add_scalar: a tag must be UTF-8 without NUL");
  CHECK(error_of([&] {
    writer.add_scalars("main", {{nul, 1.0}}, 0);
  }) == "add_scalars: a tag must be UTF-8 without NUL");
  CHECK(error_of([&] {
    writer.add_scalars("\xff", {{"x", 1.0}}, 0);
  }) == "add_scalars: a tag must be UTF-8 without NUL");
  CHECK(error_of([&] { writer.add_histogram("\xff", values, 0); }) ==
        "add_histogram: a tag must be UTF-8 without NUL");
  CHECK(error_of([&] { writer.add_histogram("", ones({1}), 0); }) == "add_histogram: the tag is empty");
  CHECK(read_scalars(directory.path()).empty());
  CHECK(directories_below(directory.path()).empty());
}

TEST_CASE("a killed run keeps the records that it wrote") {
  const TemporaryDirectory directory;
  const Child child([&] {
    io::SummaryWriter writer(directory / "run", fixed);
    for (int step = 0; step < 1000; ++step) writer.add_scalar("loss", step, step);
    writer.add_scalars("wd", {{"train", 1.0}}, 0);
    std::raise(SIGKILL);
    return 0;
  });
  REQUIRE(child.status() == "killed by signal 9");
  const std::vector<Scalar> scalars = read_scalars(directory / "run");
  REQUIRE(scalars.size() == 1000);
  for (int step = 0; step < 1000; ++step)
    CHECK(scalars[static_cast<std::size_t>(step)] ==
          Scalar{"loss", static_cast<float>(step), step, 1700000000});
  CHECK(read_scalars(directory / "run/wd_train").size() == 1);
}

TEST_CASE("a full disk is reported by the failing call and leaves complete records") {
  const TemporaryDirectory directory;
  const std::size_t version = io::version_record(1700000000).size(),
                    scalar = io::scalar_record("loss", 1, 1, 1700000000).size();
  const Child child([&] {
    io::SummaryWriter writer(directory / "run", fixed);
    limit_file_size(version + 3 * scalar + scalar / 2);
    for (int step = 1; step <= 3; ++step) writer.add_scalar("loss", step, step);
    for (int attempt = 0; attempt < 2; ++attempt)
      write_file(directory / "message", error_of<IoError>([&] { writer.add_scalar("loss", 4, 4); }));
    const bool nothing_torn = read_scalars(directory / "run").size() == 3;
    limit_file_size(RLIM_INFINITY);  // room to write again
    writer.add_scalar("loss", 5, 5);
    return nothing_torn ? 0 : 1;
  });
  CHECK(child.status() == "exited with 0");
  CHECK(read_file(directory / "message") ==
        "SummaryWriter: cannot write " + only_event_file(directory / "run") + ": File too large");
  std::vector<std::int64_t> steps;
  for (const Scalar& s : read_scalars(directory / "run")) steps.push_back(s.step);
  CHECK(steps == std::vector<std::int64_t>{1, 2, 3, 5});
}

TEST_CASE("a file whose version record cannot be written is removed") {
  const TemporaryDirectory directory;
  const Child child([&] {
    limit_file_size(10);
    return error_of<IoError>([&] {
      io::SummaryWriter writer(directory / "run", fixed);
    }).ends_with(": File too large")
               ? 0
               : 1;
  });
  CHECK(child.status() == "exited with 0");
  CHECK(names_below(directory.path()) == std::vector<std::string>{"run"});
}

TEST_CASE("directories that cannot be made are IoErrors") {
  const TemporaryDirectory directory;
  write_file(directory / "file", "");
  CHECK(error_of<IoError>([&] { io::SummaryWriter writer(directory / "file/run"); }) ==
        "SummaryWriter: cannot create the directory " + directory / "file/run" + ": Not a directory");
  io::SummaryWriter writer(directory / "run", fixed);
  write_file(directory / "run/m_x", "in the way");
  CHECK(error_of<IoError>([&] {
    writer.add_scalars("m", {{"x", 1.0}}, 0);
  }) == "SummaryWriter: cannot create the directory " + directory / "run/m_x" + ": Not a directory");
  const std::string longest(300, 'x');
  CHECK(error_of<IoError>([&] {
    writer.add_scalars("m", {{longest, 1.0}}, 0);
  }) == "SummaryWriter: cannot create the directory " + directory / "run/m_" + longest +
            ": File name too long");
}

TEST_CASE("options are checked") {
  const TemporaryDirectory directory;
  CHECK(error_of([] { io::SummaryWriter writer(""); }) == "SummaryWriter: '' is not a path");
  CHECK(error_of([&] { io::SummaryWriter writer(directory.path(), {.filename_suffix = "/x"}); }) ==
        "SummaryWriter: '/x' is not a suffix of a file name");
  CHECK(error_of([&] { io::SummaryWriter writer(directory.path(), {.max_open_files = 0}); }) ==
        "SummaryWriter: max_open_files must be at least 1; it is 0");
  CHECK(error_of([&] {
    io::SummaryWriter writer(directory.path(), {.wall_time = [] { return std::nan(""); }});
  }) == "SummaryWriter: wall_time must return seconds since 1970; it returned nan");
  CHECK(error_of([&] { io::SummaryWriter writer(directory.path(), {.wall_time = [] { return -1.0; }}); }) ==
        "SummaryWriter: wall_time must return seconds since 1970; it returned -1");
  CHECK(names_below(directory.path()).empty());
  const io::SummaryWriter writer(directory.path(), {.filename_suffix = ".v2"});
  CHECK(only_event_file(directory.path()).ends_with(".v2"));
}

TEST_CASE("a closed writer reports it, and a moved-to writer continues") {
  static_assert(!std::is_copy_constructible_v<io::SummaryWriter> &&
                std::is_nothrow_move_constructible_v<io::SummaryWriter>);
  const TemporaryDirectory directory;
  io::SummaryWriter first(directory.path(), fixed);
  io::SummaryWriter writer = std::move(first);
  writer.add_scalar("loss", 1, 1);
  writer.close();
  writer.close();
  first.close();
  for (io::SummaryWriter* closed : {&first, &writer}) {
    CHECK(error_of([&] { closed->add_scalar("loss", 1, 1); }) == "SummaryWriter: the writer is closed");
    CHECK(error_of([&] {
      closed->add_scalars("m", {{"loss", 1.0}}, 1);
    }) == "SummaryWriter: the writer is closed");
    CHECK(error_of([&] { closed->flush(); }) == "SummaryWriter: the writer is closed");
  }
  CHECK(read_scalars(directory.path()).size() == 1);
}
