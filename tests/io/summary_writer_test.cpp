#include <tenon/autograd/ops.h>
#include <tenon/core/check.h>
#include <tenon/io/event.h>
#include <tenon/io/summary_writer.h>

#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <limits>
#include <set>
#include <thread>
#include <type_traits>

#include "../support/child.h"
#include "../support/errors.h"
#include "../support/files.h"
#include "event_reader.h"

using namespace tenon;
using namespace tenon::test;

namespace {

double fixed_time() { return 1700000000; }
const io::SummaryWriterOptions fixed = {.wall_time = fixed_time};

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    constexpr const char* digits = "0123456789abcdef";
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::vector<std::string> directories_below(const std::string& directory) {
  std::vector<std::string> names = names_below(directory);
  std::erase_if(
      names, [&](const std::string& name) { return !std::filesystem::is_directory(directory + "/" + name); });
  return names;
}

// From now on no file of this process grows beyond `size`: a write beyond it is cut short, the next one
// refused.
void limit_file_size(rlim_t size) {
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = size;
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

}  // namespace

TEST_CASE("records have their golden bytes") {
  CHECK(hex(io::version_record(1700000000)) ==
        "1800000000000000a37f4b220900000040fc54d9411a0d627261696e2e4576656e743a32eced8f9d");
  CHECK(hex(io::scalar_record("loss", 0.25, 7, 1700000000)) ==
        "1a00000000000000129bd82d0900000040fc54d94110072a0d0a0b0a046c6f7373150000803edc831689");
}

TEST_CASE("fields of value 0 are left out, except a scalar's value") {
  const auto payload = [](const std::string& record) { return record.substr(12, record.size() - 16); };
  CHECK(hex(payload(io::version_record(0))) == "1a0d627261696e2e4576656e743a32");
  CHECK(hex(payload(io::scalar_record("loss", 0, 0, 0))) == "2a0d0a0b0a046c6f73731500000000");
  const std::vector<double> zero = {0};
  const std::string record =
      io::histogram_record("h", io::make_histogram(std::span<const double>(zero)), 0, 0);
  const Message histogram = decode(value_of(payload(record)).bytes.at(5));
  CHECK(histogram.numbers.size() == 1);
  CHECK(histogram.real(3) == 1);
}

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

TEST_CASE("scalars keep tag, value, step and time") {
  const TemporaryDirectory directory;
  io::SummaryWriter writer(directory.path(), fixed);
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  writer.add_scalar("train/loss", 1.5, 0);
  writer.add_scalar("größe", 0, 300);
  writer.add_scalar("train/loss", -1e300, most);
  writer.add_scalar("train/loss", 0.1, -1);
  constexpr float infinity = std::numeric_limits<float>::infinity();
  CHECK(read_scalars(directory.path()) ==
        std::vector<Scalar>{{"train/loss", 1.5f, 0, 1700000000}, {"größe", 0.0f, 300, 1700000000},
            {"train/loss", -infinity, most, 1700000000}, {"train/loss", 0.1f, -1, 1700000000}});
}

TEST_CASE("a loss that diverged is recorded") {
  const TemporaryDirectory directory;
  io::SummaryWriter writer(directory.path(), fixed);
  writer.add_scalar("loss", std::nan(""), 1);
  const std::vector<Scalar> scalars = read_scalars(directory.path());
  REQUIRE(scalars.size() == 1);
  CHECK(std::isnan(scalars[0].value));
}

TEST_CASE("the clock counts seconds since 1970") {
  const TemporaryDirectory directory;
  const auto now = [] {  // not std::time(), whose clock is a tick behind
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  };
  const double before = now();
  io::SummaryWriter writer(directory.path());
  writer.add_scalar("loss", 1, 1);
  const double time = read_scalars(directory.path()).at(0).wall_time;
  constexpr double rounding = 1e-6;
  CHECK(time >= before - rounding);
  CHECK(time <= now() + rounding);
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
  CHECK(read_scalars(directory / "run").empty());  // the root's own file: its version only
}

TEST_CASE("add_scalars takes strings, literals, views and vectors") {
  const TemporaryDirectory directory;
  io::SummaryWriter writer(directory.path(), fixed);
  const std::string string_tag = "string";
  const std::string_view view_tag = "view";
  writer.add_scalars("main", {{string_tag, 1.0}, {view_tag, 2.0f}, {"integer", 3}}, 0);
  writer.add_scalars("main", {{"single", 4.0}}, 0);
  const std::vector<std::pair<std::string, double>> values = {{"vector", 5.0}};
  writer.add_scalars("main", values, 0);
  writer.add_scalars("main", {}, 0);
  float expected = 1;
  for (const char* run : {"main_string", "main_view", "main_integer", "main_single", "main_vector"})
    CHECK(read_scalars(directory / run) == std::vector<Scalar>{{"main", expected++, 0, 1700000000}});
}

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

TEST_CASE("add_histogram writes a HistogramProto") {
  const TemporaryDirectory directory;
  io::SummaryWriter writer(directory.path(), fixed);
  const std::vector<float> floats = {-1, 2, 2, 0};
  const std::vector<double> doubles = {-1, 2, 2, 0};
  writer.add_histogram("weights", floats, 3);
  writer.add_histogram("weights", doubles, 3);
  const std::vector<std::string> events = read_records(only_event_file(directory.path()));
  REQUIRE(events.size() == 3);
  CHECK(events[1] == events[2]);
  CHECK(decode(events[1]).number(2) == 3);
  const Message value = value_of(events[1]);
  CHECK(value.bytes.at(1) == "weights");
  const Message histogram = decode(value.bytes.at(5));
  const io::Histogram expected = io::make_histogram(std::span<const double>(doubles));
  CHECK(histogram.real(1) == -1);
  CHECK(histogram.real(2) == 2);
  CHECK(histogram.real(3) == 4);
  CHECK(histogram.real(4) == 3);
  CHECK(histogram.real(5) == 9);
  CHECK(histogram.reals(6) == expected.limits);
  CHECK(histogram.reals(7) == expected.buckets);
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

TEST_CASE("the file that was used longest ago is closed") {
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

TEST_CASE("a killed run keeps what it wrote") {
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

TEST_CASE("a full disk is reported by the call that met it and leaves whole records") {
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
    limit_file_size(RLIM_INFINITY);  // room again
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

TEST_CASE("a file that could not even get its version is removed") {
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

TEST_CASE("a file that vanished is not silently replaced") {
  const TemporaryDirectory directory;
  io::SummaryWriter writer(directory / "run", {.max_open_files = 1, .wall_time = fixed_time});
  const std::string path = only_event_file(directory / "run");
  writer.add_scalars("m", {{"x", 1.0}}, 0);
  std::filesystem::remove(path);
  CHECK(error_of<IoError>([&] { writer.add_scalar("loss", 1, 0); }) ==
        "SummaryWriter: cannot reopen " + path + ": No such file or directory");
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
  }) == "SummaryWriter: wall_time must give seconds since 1970; it gave nan");
  CHECK(error_of([&] { io::SummaryWriter writer(directory.path(), {.wall_time = [] { return -1.0; }}); }) ==
        "SummaryWriter: wall_time must give seconds since 1970; it gave -1");
  CHECK(names_below(directory.path()).empty());
  const io::SummaryWriter writer(directory.path(), {.filename_suffix = ".v2"});
  CHECK(only_event_file(directory.path()).ends_with(".v2"));
}

TEST_CASE("a closed writer says so, and a moved one goes on") {
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

TEST_CASE("threads share a writer") {
  const TemporaryDirectory directory;
  io::SummaryWriter writer(directory.path(), {.max_open_files = 2, .wall_time = fixed_time});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&writer, t] {
      for (int step = 0; step < 50; ++step) {
        writer.add_scalar("loss", t, step);
        writer.add_scalars("m", {{"run" + std::to_string(t), step}}, step);
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(read_scalars(directory.path()).size() == 200);
  for (int t = 0; t < 4; ++t) CHECK(read_scalars(directory / ("m_run" + std::to_string(t))).size() == 50);
}

TEST_CASE("a writer never takes a file that is there") {
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

TEST_CASE("next_run_directory takes the first free number") {
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

TEST_CASE("next_run_directory gives every thread its own") {
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
