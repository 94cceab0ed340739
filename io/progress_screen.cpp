#include <tenon/io/descriptor.h>
#include <tenon/io/progress_screen.h>

#include <poll.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace tenon::io {
namespace {

struct Bar {
  const void* key;
  std::thread::id thread;
  std::string line;
};

struct Screen {
  std::vector<Bar> bars;
  std::size_t drawn = 0;  // lines drawn on the terminal; the cursor is in the last
};

std::mutex mutex;

// By descriptor. Never destroyed, because a bar with static lifetime may be destroyed later.
std::map<int, Screen>& screens() {
  static auto& all = *new std::map<int, Screen>;
  return all;
}

std::size_t lines_of(const Screen& screen) {
  return static_cast<std::size_t>(std::count_if(
      screen.bars.begin(), screen.bars.end(), [](const Bar& bar) { return !bar.line.empty(); }));
}

// `above` is printed in place of the first redrawn line, and occupies `lines` lines.
std::string redrawn(const Screen& screen, std::string_view above = "", std::size_t lines = 0) {
  std::string out;
  if (screen.drawn > 1) out = "\x1b[" + std::to_string(screen.drawn - 1) + "A";
  out += above;
  std::string_view separator = "\r";
  for (const Bar& bar : screen.bars) {
    if (bar.line.empty()) continue;
    (out += separator) += bar.line + "\x1b[K";
    separator = "\n\r";
  }
  if (lines + lines_of(screen) < screen.drawn) out += "\x1b[J";
  return out;
}

}  // namespace

bool add_bar(const void* bar, int descriptor) {
  const std::lock_guard lock(mutex);
  std::vector<Bar>& bars = screens()[descriptor].bars;
  const std::thread::id thread = std::this_thread::get_id();
  const bool nested =
      std::any_of(bars.begin(), bars.end(), [thread](const Bar& other) { return other.thread == thread; });
  bars.push_back({bar, thread, ""});
  return nested;
}

void draw_bar(const void* bar, int descriptor, std::string line) {
  const std::lock_guard lock(mutex);
  Screen& screen = screens()[descriptor];
  for (Bar& other : screen.bars)
    if (other.key == bar) other.line = std::move(line);
  if (write_at_once(descriptor, redrawn(screen))) screen.drawn = lines_of(screen);
}

void remove_bar(const void* bar, int descriptor, std::string_view last) noexcept try {
  const std::lock_guard lock(mutex);
  const auto at = screens().find(descriptor);
  Screen& screen = at->second;
  std::erase_if(screen.bars, [bar](const Bar& other) { return other.key == bar; });
  std::string text;
  if (!last.empty()) text = redrawn(screen, "\r" + std::string(last) + "\x1b[K\n", 1);
  else if (screen.drawn > lines_of(screen)) text = redrawn(screen, "\r");
  if (!text.empty() && write_at_once(descriptor, text)) screen.drawn = lines_of(screen);
  if (screen.bars.empty()) screens().erase(at);
} catch (...) {  // a failure to show the bar must not stop the loop
}

void print_above_bars(int descriptor, std::string_view text) {
  const std::lock_guard lock(mutex);
  const auto at = screens().find(descriptor);
  if (at == screens().end() || lines_of(at->second) == 0) {
    write_all(descriptor, std::string(text) + "\n");
    return;
  }
  Screen& screen = at->second;
  const std::string erase = screen.drawn > 0 ? "\r\x1b[J" : "";
  if (write_all(descriptor, redrawn(screen, erase + std::string(text) + "\n")) == 0)
    screen.drawn = lines_of(screen);
}

bool write_at_once(int descriptor, std::string_view text) {
  pollfd room = {.fd = descriptor, .events = POLLOUT, .revents = 0};
  return ::poll(&room, 1, 0) == 1 && (room.revents & POLLOUT) != 0 && write_all(descriptor, text) == 0;
}

}  // namespace tenon::io
