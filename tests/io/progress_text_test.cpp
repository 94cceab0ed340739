#include <tenon/io/columns.h>
#include <tenon/io/progress_text.h>

#include <limits>

#include "support/catch.h"

using namespace tenon;

namespace {

constexpr io::ProgressStyle ascii = {}, unicode = {.unicode = true},
                            colourful = {.unicode = true, .colour = true};

}  // namespace

TEST_CASE("a progress bar shows share, count, rate, time taken and time left") {
  const io::ProgressState state = {
      .description = "wd=0", .done = 25, .total = 100, .elapsed = 2, .rate = 12.5};
  CHECK(io::render_progress(state, 80, ascii) ==
        "wd=0 [========                           ]  25%  25/100  12.5 it/s 0:02 ETA 0:06");
  CHECK(io::render_progress(state, 60, unicode) ==
        "wd=0 ━━━━               25%  25/100  12.5 it/s 0:02 ETA 0:06");
  CHECK(io::render_progress(state, 58, unicode) ==
        "wd=0 ━━━╸             25%  25/100  12.5 it/s 0:02 ETA 0:06");
  CHECK(io::render_progress(state, 60, colourful) ==
        "wd=0 \x1b[36m━━━━\x1b[0m\x1b[90m╺━━━━━━━━━━━━\x1b[0m  25% \x1b[32m 25/100\x1b[0m  12.5 it/s "
        "\x1b[33m0:02\x1b[0m "
        "\x1b[36mETA 0:06\x1b[0m");
}

TEST_CASE("a finished bar shows the total time") {
  const io::ProgressState state = {
      .description = "wd=0", .done = 100, .total = 100, .elapsed = 0.0302, .rate = 3311, .finished = true};
  CHECK(io::render_progress(state, 60, ascii) ==
        "wd=0 [==================] 100% 100/100 3.31k it/s in 30.2 ms");
  CHECK(io::render_progress(state, 200, ascii) ==
        "wd=0 [======================================] 100% 100/100 3.31k it/s in 30.2 ms");
  CHECK(io::render_progress(state, 51, colourful) ==
        "wd=0 \x1b[32m━━━━━━━━━━━\x1b[0m 100% \x1b[32m100/100\x1b[0m 3.31k it/s \x1b[33min 30.2 ms\x1b[0m");
}

TEST_CASE("a bar that was left early says so") {
  const io::ProgressState state = {
      .description = "wd=0", .done = 37, .total = 100, .elapsed = 3, .rate = 12.3, .finished = true};
  CHECK(io::render_progress(state, 70, ascii) ==
        "wd=0 [======            ]  37%  37/100  12.3 it/s stopped after 3.00 s");
  CHECK(io::render_progress_plain(state) == "wd=0: 37/100 (37%), 12.3 it/s, stopped after 3.00 s");
}

TEST_CASE("a narrow terminal omits the bar first, then figures from the right") {
  const io::ProgressState state = {
      .description = "wd=0", .done = 25, .total = 100, .elapsed = 2, .rate = 12.5};
  CHECK(io::render_progress(state, 51, ascii) == "wd=0 [=     ]  25%  25/100  12.5 it/s 0:02 ETA 0:06");
  CHECK(io::render_progress(state, 50, ascii) == "wd=0  25%  25/100  12.5 it/s 0:02 ETA 0:06");
  CHECK(io::render_progress(state, 42, ascii) == "wd=0  25%  25/100  12.5 it/s 0:02 ETA 0:06");
  CHECK(io::render_progress(state, 41, ascii) == "wd=0  25%  25/100  12.5 it/s 0:02");
  CHECK(io::render_progress(state, 32, ascii) == "wd=0  25%  25/100  12.5 it/s");
  CHECK(io::render_progress(state, 20, ascii) == "wd=0  25%  25/100");
  CHECK(io::render_progress(state, 10, ascii) == "wd=0  25%");
  CHECK(io::render_progress(state, 5, ascii) == "wd");
  CHECK(io::render_progress(state, 0, ascii).empty());
  CHECK(io::render_progress(state, -1, ascii).empty());
}

TEST_CASE("no line is wider than the terminal", "[one_thread]") {
  for (const bool finished : {false, true})
    for (const std::string_view description : {"", "x", "größer und größer und noch viel größer und größer",
             "学習中です学習中です学習中です", "🚀e\u0301🚀e\u0301🚀"})
      for (std::int64_t done = 0; done <= 7; ++done)
        for (int width = 0; width < 130; ++width) {
          const io::ProgressState state = {.description = description,
              .postfix = description,
              .done = done,
              .total = 7,
              .elapsed = 5000,
              .rate = 0.001,
              .finished = finished};
          for (const io::ProgressStyle& style : {ascii, unicode}) {
            const std::string line = io::render_progress(state, width, style);
            CHECK(io::columns(line) <= width);
            CHECK(line.find('\x1b') == line.npos);
          }
        }
}

TEST_CASE("rates and times choose their units") {
  const auto line = [](double rate, double elapsed, std::int64_t total = 1000) {
    return io::render_progress_plain({.done = 0, .total = total, .elapsed = elapsed, .rate = rate});
  };
  CHECK(line(0, 0) == "0/1000 (0%), -- it/s, 0:00 elapsed, ETA -:--");
  CHECK(line(std::numeric_limits<double>::infinity(), 0) == "0/1000 (0%), -- it/s, 0:00 elapsed, ETA 0:00");
  CHECK(line(0.02, 59.9) == "0/1000 (0%), 50.0 s/it, 0:59 elapsed, ETA 13:53:20");
  CHECK(line(1, 60) == "0/1000 (0%), 1.00 it/s, 1:00 elapsed, ETA 16:40");
  CHECK(line(9.999, 3600) == "0/1000 (0%), 10.0 it/s, 1:00:00 elapsed, ETA 1:40");
  CHECK(line(999.7, 360000) == "0/1000 (0%), 1.00k it/s, 100:00:00 elapsed, ETA 0:01");
  CHECK(line(2.5e6, 0) == "0/1000 (0%), 2.50M it/s, 0:00 elapsed, ETA 0:00");
  CHECK(line(7e9, 0) == "0/1000 (0%), 7.00G it/s, 0:00 elapsed, ETA 0:00");
  CHECK(line(1e-9, 0, 1000000) == "0/1000000 (0%), 1000000000 s/it, 0:00 elapsed, ETA -:--");
}

TEST_CASE("only the last step shows 100 per cent") {
  const auto share = [](std::int64_t done, std::int64_t total) {
    const std::string line = io::render_progress_plain({.done = done, .total = total});
    return line.substr(line.find('('), line.find(')') - line.find('(') + 1);
  };
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  CHECK(share(199, 200) == "(99%)");
  CHECK(share(200, 200) == "(100%)");
  CHECK(share(most - 1, most) == "(99%)");
  CHECK(share(most, most) == "(100%)");
  CHECK(share(0, 0) == "(100%)");
}

TEST_CASE("descriptions cannot break the line") {
  CHECK(io::render_progress_plain({.description = "a\n\x1b[31mb\r\t", .total = 1})
            .starts_with("a  [31mb  : 0/1 "));
  CHECK(io::render_progress({.description = "a\nb", .total = 1}, 80, ascii).starts_with("a b ["));
}

TEST_CASE("a description is as wide as the terminal shows it") {
  const auto line = [](std::string_view description, int width) {
    return io::render_progress(
        {.description = description, .done = 25, .total = 100, .elapsed = 2, .rate = 12.5}, width, ascii);
  };
  CHECK(line("wdwd", 60) == "wdwd [===            ]  25%  25/100  12.5 it/s 0:02 ETA 0:06");
  CHECK(line("学習", 60) == "学習 [===            ]  25%  25/100  12.5 it/s 0:02 ETA 0:06");
  CHECK(line("e\u0301a\u0308🚀", 60) ==
        "e\u0301a\u0308🚀 [===            ]  25%  25/100  12.5 it/s 0:02 ETA 0:06");
  CHECK(line("wd\u009b1", 60) == "wd 1 [===            ]  25%  25/100  12.5 it/s 0:02 ETA 0:06");
  CHECK(line("w\xff"
             "d1",
            60) == "w?d1 [===            ]  25%  25/100  12.5 it/s 0:02 ETA 0:06");
  CHECK(line("学習学習", 12) == "学習学  25%");
}

TEST_CASE("a postfix ends the line, complete or not at all") {
  io::ProgressState state = {
      .description = "wd=0", .postfix = "loss 0.5", .done = 25, .total = 100, .elapsed = 2, .rate = 12.5};
  CHECK(io::render_progress(state, 69, ascii) ==
        "wd=0 [===            ]  25%  25/100  12.5 it/s 0:02 ETA 0:06 loss 0.5");
  CHECK(io::render_progress(state, 51, ascii) == "wd=0  25%  25/100  12.5 it/s 0:02 ETA 0:06 loss 0.5");
  CHECK(io::render_progress(state, 50, ascii) == "wd=0  25%  25/100  12.5 it/s 0:02 ETA 0:06");
  CHECK(
      io::render_progress_plain(state) == "wd=0: 25/100 (25%), 12.5 it/s, 0:02 elapsed, ETA 0:06, loss 0.5");
  state.postfix = "a\n\u009bb";
  CHECK(io::render_progress_plain(state).ends_with("ETA 0:06, a  b"));
  CHECK(io::render_progress(state, 100, ascii).ends_with("ETA 0:06 a  b"));
  state.finished = true;
  CHECK(io::render_progress_plain(state).ends_with("stopped after 2.00 s, a  b"));
}
