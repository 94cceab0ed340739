#include <tenon/core/check.h>
#include <tenon/io/columns.h>
#include <tenon/io/progress.h>
#include <tenon/io/progress_text.h>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>

#include "support.h"

using namespace tenon;

namespace {

constexpr io::ProgressStyle ascii = {}, unicode = {.unicode = true},
                            colourful = {.unicode = true, .colour = true};

double seconds = 0;
double test_clock() { return seconds; }

// Sets an environment variable, or removes it, and puts the old state back.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    set(value);
  }
  Environment(const Environment&) = delete;
  ~Environment() { set(old_ ? old_->c_str() : nullptr); }

 private:
  void set(const char* value) const {
    if (value != nullptr) ::setenv(name_, value, 1);
    else ::unsetenv(name_);
  }
  const char* name_;
  std::optional<std::string> old_;
};

// What a loop writes into a file that is not a terminal.
template <class Loop>
std::string plain_output(Loop loop) {
  const TemporaryDirectory directory;
  const int file = ::open((directory / "log").c_str(), O_WRONLY | O_CREAT, 0600);
  REQUIRE(file >= 0);
  seconds = 1000;
  loop(io::TrackOptions{.descriptor = file, .clock = test_clock});
  ::close(file);
  return read_file(directory / "log");
}

// What a loop writes to a terminal of `columns` columns.
template <class Loop>
std::string terminal_output(unsigned short columns, Loop loop) {
  const int screen = ::posix_openpt(O_RDWR | O_NOCTTY);
  REQUIRE((screen >= 0 && ::grantpt(screen) == 0 && ::unlockpt(screen) == 0));
  const int terminal = ::open(::ptsname(screen), O_RDWR | O_NOCTTY);
  REQUIRE(terminal >= 0);
  termios mode{};
  ::tcgetattr(terminal, &mode);
  ::cfmakeraw(&mode);
  ::tcsetattr(terminal, TCSANOW, &mode);
  const winsize size = {.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
  ::ioctl(terminal, TIOCSWINSZ, &size);
  seconds = 1000;
  loop(io::TrackOptions{.descriptor = terminal, .clock = test_clock});
  // What was written arrives in pieces, and must not be more than a terminal buffers: 4 KiB.
  constexpr char end = '\x04';
  REQUIRE(::write(terminal, &end, 1) == 1);
  std::string out;
  for (char c = 0; ::read(screen, &c, 1) == 1 && c != end;) out += c;
  ::close(terminal);
  ::close(screen);
  return out;
}

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

TEST_CASE("a narrow terminal loses the bar first, then figures from the right") {
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

TEST_CASE("no line is wider than the terminal") {
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

TEST_CASE("one hundred per cent is for the last step alone") {
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

TEST_CASE("a postfix ends the line, whole or not at all") {
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

TEST_CASE("track runs from 0 to n-1") {
  std::vector<std::int64_t> seen;
  for (std::int64_t i : io::track(4, "quiet", {.enabled = false})) seen.push_back(i);
  CHECK(seen == std::vector<std::int64_t>{0, 1, 2, 3});
  for (std::int64_t i : io::track(0, "", {.enabled = false})) seen.push_back(i);
  CHECK(seen.size() == 4);
  CHECK(message_of<Error>([] { io::track(-1); }) ==
        "track: the number of steps must not be negative; it is -1");
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
  // 100 steps took 10 s, the next one as long: between the old 10 it/s and the new 0.1 it/s, weighted 1/e
  // and 1.
  const double rate = (100 * std::exp(-1.0) + 1) / (10 * std::exp(-1.0) + 10);
  const std::string expected = "101/200 (50%), " + std::to_string(rate).substr(0, 4) + " it/s, 0:20 elapsed";
  CHECK(log.find(expected) != log.npos);
}

TEST_CASE("break and exceptions leave a whole line") {
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

TEST_CASE("of nested loops the outer one is shown") {
  const auto nested = [](const io::TrackOptions& options) {
    for ([[maybe_unused]] std::int64_t i : io::track(2, "outer", options))
      for ([[maybe_unused]] std::int64_t j : io::track(3, "inner", options)) seconds += 1;
    for ([[maybe_unused]] std::int64_t i : io::track(1, "next", options)) seconds += 1;
  };
  CHECK(plain_output(nested) ==
        "outer: 2/2 (100%), 3.00 s/it, in 6.00 s\nnext: 1/1 (100%), 1.00 it/s, in 1.00 s\n");
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
    const Environment set("NO_COLOR", "");  // present but empty does not count
    CHECK(terminal_output(80, loop) == full);
  }
  {
    const Environment set("LC_ALL", "POSIX");  // goes before LANG
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
