#include <tenon/io/progress.h>

#include <thread>

#include "terminal.h"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("only the outer of two nested loops is shown") {
  const auto nested = [](const io::TrackOptions& options) {
    for ([[maybe_unused]] std::int64_t i : io::track(2, "outer", options))
      for ([[maybe_unused]] std::int64_t j : io::track(3, "inner", options)) seconds += 1;
    for ([[maybe_unused]] std::int64_t i : io::track(1, "next", options)) seconds += 1;
  };
  CHECK(plain_output(nested) ==
        "outer: 2/2 (100%), 3.00 s/it, in 6.00 s\nnext: 1/1 (100%), 1.00 it/s, in 1.00 s\n");
}

TEST_CASE("printed text appears above the bar") {
  const Environment term("TERM", "xterm"), columns("COLUMNS", nullptr), no_colour("NO_COLOR", "1"),
      locale("LC_ALL", "C");
  const std::string bytes = terminal_output(60, [](const io::TrackOptions& options) {
    io::Track bar = io::track(2, "fit", options);
    bar.print("before");
    for (const std::int64_t step : bar) {
      seconds += 1;
      bar.set_postfix("loss " + std::to_string(step));
      bar.print("step " + std::to_string(step) + "\nof 2, and longer than the bar, or so it seems to me");
    }
    bar.print("after");
  });
  CHECK(shown(bytes) == std::vector<std::string>{"before", "step 0",
                            "of 2, and longer than the bar, or so it seems to me", "step 1",
                            "of 2, and longer than the bar, or so it seems to me",
                            "fit [================] 100% 2/2  1.00 it/s in 2.00 s loss 1", "after", "|"});
}

TEST_CASE("printed text is a line of the log, with or without a bar") {
  const auto loop = [](const io::TrackOptions& options) {
    io::Track bar = io::track(2, "fit", options);
    for (const std::int64_t step : bar) {
      seconds += 6;
      bar.print("step " + std::to_string(step));
      bar.set_postfix("loss " + std::to_string(step));
      bar.set_description("fitting");
    }
  };
  CHECK(plain_output(loop) == "step 0\nstep 1\nfitting: 2/2 (100%), 6.00 s/it, in 12.0 s, loss 1\n");
  CHECK(plain_output([&](io::TrackOptions options) {
    options.enabled = false;
    loop(options);
  }) == "step 0\nstep 1\n");
}

TEST_CASE("description and postfix change at the next redraw") {
  const Environment term("TERM", "xterm"), columns("COLUMNS", nullptr), no_colour("NO_COLOR", "1"),
      locale("LC_ALL", "C");
  CHECK(terminal_output(60,
            [](const io::TrackOptions& options) {
              io::Track bar = io::track(2, "a", options);
              for (const std::int64_t step : bar) {
                bar.set_description("b" + std::to_string(step));
                bar.set_postfix("\u5b66\u7fd2\u009b " + std::to_string(step));
                seconds += 1;
              }
            }) ==
        "\ra [                     ]   0% 0/2    -- it/s 0:00 ETA -:--\x1b[K"
        "\rb0 [======      ]  50% 1/2  1.00 it/s 0:01 ETA 0:01 \u5b66\u7fd2  0\x1b[K"
        "\rb1 [================] 100% 2/2  1.00 it/s in 2.00 s \u5b66\u7fd2  1\x1b[K\n");
}

TEST_CASE("an inner loop has the line below while it runs") {
  const Environment term("TERM", "xterm"), columns("COLUMNS", nullptr), no_colour("NO_COLOR", "1"),
      locale("LC_ALL", "C");
  using Lines = std::vector<std::string>;
  const std::string outer = "outer [             ]   0% 0/2    -- it/s 0:00 ETA -:--",
                    half = "outer [======       ]  50% 1/2  3.00 s/it 0:03 ETA 0:03",
                    inner = "inner [====         ]  33% 1/3  1.00 it/s 0:01 ETA 0:02";
  // The terminal after some steps of the inner loop.
  const auto after = [](int steps, bool print = false) {
    return shown(terminal_output(56, [=](const io::TrackOptions& options) {
      int left = steps;
      io::Track bar = io::track(2, "outer", options);
      for ([[maybe_unused]] const std::int64_t i : bar)
        for ([[maybe_unused]] const std::int64_t j : io::track(3, "inner", options)) {
          if (left-- == 0 && ::write(options.descriptor, &end_of_output, 1) != 1) return;
          seconds += 1;
          if (print) bar.print("above");
        }
    }));
  };
  CHECK(after(0) == Lines{outer + "|"});
  CHECK(after(1) == Lines{outer, inner + "|"});
  CHECK(after(3) == Lines{half + "|"});
  CHECK(after(4) == Lines{half, inner + "|"});
  CHECK(after(1, true) == Lines{"above", outer, inner + "|"});
  CHECK(after(5, true).size() == 7);
  CHECK(after(99) == Lines{"outer [=================] 100% 2/2  3.00 s/it in 6.00 s", "|"});
}

TEST_CASE("in a log an inner loop has lines if it takes long") {
  CHECK(plain_output([](const io::TrackOptions& options) {
    for ([[maybe_unused]] const std::int64_t i : io::track(2, "outer", options))
      for ([[maybe_unused]] const std::int64_t j : io::track(i == 0 ? 2 : 30, "inner", options))
        seconds += 0.5;
  }) == "inner: 20/30 (66%), 2.00 it/s, 0:10 elapsed, ETA 0:05\n"
        "inner: 30/30 (100%), 2.00 it/s, in 15.0 s\n"
        "outer: 2/2 (100%), 8.00 s/it, in 16.0 s\n");
}

TEST_CASE("loops of two threads leave a line each") {
  const Environment term("TERM", "xterm"), columns("COLUMNS", nullptr), no_colour("NO_COLOR", "1"),
      locale("LC_ALL", "C");
  CHECK(shown(terminal_output(56,
            [](const io::TrackOptions& options) {
              for (const std::int64_t i : io::track(2, "first", options)) {
                seconds += 1;
                if (i == 0)
                  std::thread([&] {
                    for ([[maybe_unused]] const std::int64_t j : io::track(1, "second", options))
                      seconds += 1;
                  }).join();
              }
            })) == std::vector<std::string>{"second [================] 100% 1/1  1.00 it/s in 1.00 s",
                       "first [=================] 100% 2/2  1.50 s/it in 3.00 s", "|"});
}

TEST_CASE("loops with different outputs are independent") {
  std::string inner;
  CHECK(plain_output([&](const io::TrackOptions& options) {
    for ([[maybe_unused]] const std::int64_t i : io::track(1, "outer", options))
      inner = plain_output([](const io::TrackOptions& elsewhere) {
        for ([[maybe_unused]] const std::int64_t j : io::track(1, "inner", elsewhere)) seconds += 1;
      });
  }) == "outer: 1/1 (100%), 1.00 it/s, in 1.00 s\n");
  CHECK(inner == "inner: 1/1 (100%), 1.00 it/s, in 1.00 s\n");
}
