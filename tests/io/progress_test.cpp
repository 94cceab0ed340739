#include <tenon/autograd/ops.h>
#include <tenon/core/check.h>
#include <tenon/data/data_loader.h>
#include <tenon/io/progress.h>

#include <cmath>
#include <limits>
#include <list>
#include <stdexcept>
#include <utility>

#include "../support/child.h"
#include "../support/errors.h"
#include "terminal.h"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("track runs from 0 to n-1") {
  std::vector<std::int64_t> seen;
  for (std::int64_t i : io::track(4, "quiet", {.enabled = false})) seen.push_back(i);
  CHECK(seen == std::vector<std::int64_t>{0, 1, 2, 3});
  for (std::int64_t i : io::track(0, "", {.enabled = false})) seen.push_back(i);
  CHECK(seen.size() == 4);
  CHECK(error_of([] { io::track(-1); }) == "track: the number of steps must not be negative; it is -1");
}

TEST_CASE("a log gets a plain line every ten seconds and one at the end") {
  const std::string log = plain_output([](const io::TrackOptions& options) {
    for ([[maybe_unused]] std::int64_t i : io::track(100, "wd=0", options)) seconds += 0.25;
  });
  CHECK(log ==
        "wd=0: 40/100 (40%), 4.00 it/s, 0:10 elapsed, ETA 0:15\n"
        "wd=0: 80/100 (80%), 4.00 it/s, 0:20 elapsed, ETA 0:05\n"
        "wd=0: 100/100 (100%), 4.00 it/s, in 25.0 s\n");
}

TEST_CASE("a quick loop is one line in a log") {
  CHECK(plain_output([](const io::TrackOptions& options) {
    for ([[maybe_unused]] std::int64_t i : io::track(10, "", options)) seconds += 0.001;
  }) == "10/10 (100%), 1.00k it/s, in 10.0 ms\n");
  CHECK(plain_output([](const io::TrackOptions& options) {
    for ([[maybe_unused]] std::int64_t i : io::track(0, "none", options)) seconds += 1;
  }) == "none: 0/0 (100%), -- it/s, in 0.00 ms\n");
}

TEST_CASE("a quiet loop writes nothing") {
  CHECK(plain_output([](io::TrackOptions options) {
    options.enabled = false;
    for ([[maybe_unused]] std::int64_t i : io::track(10, "", options)) seconds += 100;
  }).empty());
}

TEST_CASE("the rate follows the recent pace") {
  const std::string log = plain_output([](const io::TrackOptions& options) {
    for (std::int64_t i : io::track(200, "", options)) seconds += i < 100 ? 0.1 : 10;
  });
  // 100 steps took 10 s, and the next one took 10 s too: the rate lies between the old 10 it/s and the new
  // 0.1 it/s, weighted 1/e and 1.
  const double rate = (100 * std::exp(-1.0) + 1) / (10 * std::exp(-1.0) + 10);
  const std::string expected = "101/200 (50%), " + std::to_string(rate).substr(0, 4) + " it/s, 0:20 elapsed";
  CHECK(log.find(expected) != log.npos);
}

TEST_CASE("break and exceptions leave a complete line") {
  CHECK(plain_output([](const io::TrackOptions& options) {
    for (std::int64_t i : io::track(10, "x", options)) {
      seconds += 1;
      if (i == 3) break;
    }
  }) == "x: 3/10 (30%), 1.33 s/it, stopped after 4.00 s\n");
  CHECK(plain_output([](const io::TrackOptions& options) {
    try {
      for ([[maybe_unused]] std::int64_t i : io::track(10, "x", options))
        throw std::runtime_error("training failed");
    } catch (const std::runtime_error&) {}
  }) == "x: 0/10 (0%), -- it/s, stopped after 0.00 ms\n");
}

TEST_CASE("a track can run again") {
  CHECK(plain_output([](const io::TrackOptions& options) {
    io::Track track = io::track(2, "", options);
    for (const std::int64_t most : {0, 1, 1})
      for (std::int64_t i : track) {
        seconds += 1;
        if (i == most) break;
      }
  }) == "0/2 (0%), -- it/s, stopped after 1.00 s\n"
        "1/2 (50%), 2.00 s/it, stopped after 2.00 s\n"
        "1/2 (50%), 2.00 s/it, stopped after 2.00 s\n");
}

TEST_CASE("a terminal gets one line, redrawn ten times a second") {
  const Environment term("TERM", "xterm"), columns("COLUMNS", nullptr), no_colour("NO_COLOR", "1"),
      locale("LC_ALL", "C");
  const auto loop = [](const io::TrackOptions& options) {
    for ([[maybe_unused]] std::int64_t i : io::track(8, "wd=0", options)) seconds += 0.0625;
  };
  CHECK(terminal_output(53, loop) ==
        "\rwd=0 [           ]   0% 0/8    -- it/s 0:00 ETA -:--\x1b[K"
        "\rwd=0 [==         ]  25% 2/8  16.0 it/s 0:00 ETA 0:00\x1b[K"
        "\rwd=0 [=====      ]  50% 4/8  16.0 it/s 0:00 ETA 0:00\x1b[K"
        "\rwd=0 [========   ]  75% 6/8  16.0 it/s 0:00 ETA 0:00\x1b[K"
        "\rwd=0 [===============] 100% 8/8  16.0 it/s in 500 ms\x1b[K\n");
}

TEST_CASE("the environment decides on colour, letters and width") {
  const Environment term("TERM", "xterm"), columns("COLUMNS", nullptr), no_colour("NO_COLOR", nullptr),
      all("LC_ALL", nullptr), type("LC_CTYPE", nullptr), language("LANG", "de_DE.UTF-8");
  const auto loop = [](const io::TrackOptions& options) {
    for ([[maybe_unused]] std::int64_t i : io::track(1, "x", options)) break;
  };
  const auto contains = [](const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
  };
  const std::string full = terminal_output(80, loop);
  CHECK(contains(full, "\x1b[90m━"));
  {
    const Environment set("NO_COLOR", "1");
    CHECK_FALSE(contains(terminal_output(80, loop), "\x1b[9"));
    CHECK_FALSE(contains(terminal_output(80, loop), "\x1b[3"));
  }
  {
    const Environment set("NO_COLOR", "");  // set but empty does not count
    CHECK(terminal_output(80, loop) == full);
  }
  {
    const Environment set("LC_ALL", "POSIX");  // takes precedence over LANG
    CHECK_FALSE(contains(terminal_output(80, loop), "━"));
  }
  {
    const Environment set("COLUMNS", "80");
    CHECK(terminal_output(20, loop) == full);
  }
  {
    const Environment set("TERM", "dumb");
    CHECK(terminal_output(80, loop) == "x: 0/1 (0%), -- it/s, stopped after 0.00 ms\n");
  }
}

TEST_CASE("a bar that cannot be written does not stop the loop") {
  std::int64_t sum = 0;
  for (std::int64_t i : io::track(10, "", {.descriptor = -1, .clock = test_clock})) {
    seconds += 11;
    sum += i;
  }
  CHECK(sum == 45);
}

TEST_CASE("a reader that does not read does not stop the loop") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_NONBLOCK) == 0);
  while (::write(ends[1], "x", 1) == 1) {}
  REQUIRE(::fcntl(ends[1], F_SETFL, 0) == 0);  // writes would block from here on
  const Child child([&] {
    ::alarm(10);
    int steps = 0;
    for ([[maybe_unused]] const std::int64_t i :
        io::track(10, "x", {.descriptor = ends[1], .clock = test_clock})) {
      seconds += 20;
      ++steps;
    }
    return steps == 10 ? 0 : 1;
  });
  CHECK(child.status() == "exited with 0");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("track iterates over the elements of a range") {
  const io::TrackOptions quiet = {.enabled = false};
  std::vector<std::string> words = {"a", "b", "c"};
  for (std::string& word : io::track(words, "", quiet)) word += "!";
  CHECK(words == std::vector<std::string>{"a!", "b!", "c!"});
  std::string all;
  for (const std::string& word : io::track(std::as_const(words), "", quiet)) all += word;
  for (const std::string& word : io::track(std::vector<std::string>{"temporary", "ones"}, "", quiet))
    all += word;
  for (const int number : io::track(std::list<int>{1, 2}, "", quiet)) all += std::to_string(number);
  const int array[] = {3, 4};
  for (const int number : io::track(array, "", quiet)) all += std::to_string(number);
  for ([[maybe_unused]] const int number : io::track(std::vector<int>(), "", quiet)) all += "never";
  CHECK(all == "a!b!c!temporaryones1234");
  static_assert(!io::TrackableRange<int> && !io::TrackableRange<std::vector<int>*>);
}

TEST_CASE("the length of a range is the total, also after it has changed") {
  CHECK(plain_output([](const io::TrackOptions& options) {
    std::vector<int> numbers = {1, 2, 3};
    auto bar = io::track(numbers, "x", options);
    for ([[maybe_unused]] const int number : bar) {
      seconds += 1;
      bar.set_postfix("loss 0.5");
    }
    numbers.resize(1);
    for ([[maybe_unused]] const int number : bar) bar.print("one");
    numbers.clear();
    for ([[maybe_unused]] const int number : bar) bar.print("never");
    numbers.resize(4);
    for ([[maybe_unused]] const int number : bar) break;
  }) == "x: 3/3 (100%), 1.00 it/s, in 3.00 s, loss 0.5\n"
        "one\n"
        "x: 1/1 (100%), -- it/s, in 0.00 ms, loss 0.5\n"
        "x: 0/0 (100%), -- it/s, in 0.00 ms, loss 0.5\n"
        "x: 0/4 (0%), -- it/s, stopped after 0.00 ms, loss 0.5\n");
}

TEST_CASE("track iterates over the batches of a loader") {
  data::DataLoader loader(data::TensorDataset(arange(5), arange(5)), {.batch_size = 2, .shuffle = true});
  data::DataLoader empty(data::TensorDataset(zeros({0})));
  std::int64_t rows = 0;
  CHECK(plain_output([&](const io::TrackOptions& options) {
    for (auto [x, y] : io::track(loader, "epoch 1", options)) {
      CHECK(equal(x, y));
      rows += x.size(0);
      seconds += 1;
    }
    for ([[maybe_unused]] auto [x] : io::track(empty, "empty", options)) rows += 100;
    for ([[maybe_unused]] auto [x] : io::track(data::DataLoader(data::TensorDataset(arange(2))), "", options))
      ++rows;
  }) == "epoch 1: 3/3 (100%), 1.00 it/s, in 3.00 s\n"
        "empty: 0/0 (100%), -- it/s, in 0.00 ms\n"
        "2/2 (100%), -- it/s, in 0.00 ms\n");
  CHECK(rows == 7);
  CHECK(loader.epoch() == 1);
}
