// The main function of every test program. Its exit status is 0, 1 or, for a skipped test, 77.
#define CATCH_CONFIG_RUNNER
#include "support/catch.h"

#include <cstdio>

namespace {

int skipped = 0;
int started = 0;

struct CountCases : Catch::TestEventListenerBase {
  using TestEventListenerBase::TestEventListenerBase;
  void testCaseStarting(const Catch::TestCaseInfo&) override { ++started; }
};
CATCH_REGISTER_LISTENER(CountCases)

}  // namespace

void tenon::test::skip(std::string_view reason) {
  ++skipped;
  std::fprintf(stderr, "skipped: %.*s\n", static_cast<int>(reason.size()), reason.data());
}

int main(int count, char** arguments) {
  Catch::Session session;
  if (session.applyCommandLine(count, arguments) != 0) return 1;
  const bool failed = session.run() != 0;  // Catch2 2 returns the number of failures, which may be a multiple of 256
  const bool lost = started == 0 && !session.configData().testsOrTags.empty();  // the name matched nothing
  if (failed || lost) {
    std::fprintf(stderr, "rng seed: %u\n", static_cast<unsigned>(session.configData().rngSeed));
    return 1;
  }
  return skipped > 0 ? 77 : 0;
}
