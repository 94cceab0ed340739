// The main function of every test program. Its exit status is 0, 1 or, for a skipped test, 77.
#define CATCH_CONFIG_RUNNER
#include "support/catch.h"

#include <cstdio>

#include "support/device.h"

namespace {

int skipped = 0;
int started = 0;

using Listener = Catch::TestEventListenerBase;

struct CountCases : Listener {
  using Listener::Listener;
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
  if (tenon::test::on_cuda() && !tenon::cuda::is_available() && !session.configData().listTests) {
    std::fprintf(stderr, "skipped: there is no CUDA device\n");
    return 77;
  }
  if (!session.configData().listTests) tenon::test::set_multiprocessors(0);
  const bool failed = session.run() != 0;  // Catch2 2 returns a count, which may be a multiple of 256
  if (started == 0)
    return failed || !session.configData().testsOrTags.empty();  // a list, or a name that matched nothing
  if (failed) std::fprintf(stderr, "rng seed: %u\n", static_cast<unsigned>(session.configData().rngSeed));
  return failed ? 1 : skipped > 0 ? 77 : 0;
}
