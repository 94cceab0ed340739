// The tag [one_thread]: on the CPU the test uses no other thread. The build with ThreadSanitizer leaves it
// out there, as there is nothing to find.
#define CATCH_CONFIG_EXTERNAL_INTERFACES  // for listeners
#include "support/catch.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include "support/device.h"

namespace {

auto threads() { return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}); }

/// Ends the program where the tag is wrong. Without a sanitizer, larger cases may use more threads.
struct CheckTag : Catch::TestEventListenerBase {
  using TestEventListenerBase::TestEventListenerBase;
  void testCaseStarting(const Catch::TestCaseInfo&) override { before_ = threads(); }
  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    const auto& tags = stats.testInfo.lcaseTags;
    if (tenon::test::on_cuda() || tenon::test::thorough || threads() <= before_ ||
        std::find(tags.begin(), tags.end(), "one_thread") == tags.end())
      return;
    std::fprintf(stderr, "\"%s\" has the tag [one_thread], but uses more\n", stats.testInfo.name.c_str());
    std::_Exit(1);
  }

 private:
  std::ptrdiff_t before_ = 0;
};
CATCH_REGISTER_LISTENER(CheckTag)

}  // namespace
