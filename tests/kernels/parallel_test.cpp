// The thread pool: coverage, nesting, exceptions, several callers, fork.
#include <tenon/core/parallel.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "support.h"

using namespace tenon;

namespace {

struct Threads {
  int before = num_threads();
  explicit Threads(int n) { set_num_threads(n); }
  ~Threads() { set_num_threads(before); }
};

bool covers(std::int64_t count, std::int64_t grain) {
  std::vector<std::atomic<int>> seen(static_cast<std::size_t>(count));
  parallel_for(count, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
  });
  for (const auto& s : seen)
    if (s != 1) return false;
  return true;
}

}  // namespace

TEST_CASE("parallel_for: every item once, in ranges of at least the grain", "[kernels][parallel]") {
  for (const int threads : {1, 2, 5}) {
    const Threads guard(threads);
    for (const std::int64_t count : {0, 1, 2, 7, 100, 1001})
      for (const std::int64_t grain : {1, 3, 100, 5000}) {
        CAPTURE(threads, count, grain);
        CHECK(covers(count, grain));
        std::atomic<std::int64_t> smallest = count;
        parallel_for(count, grain, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t s = smallest;
               end - begin < s && !smallest.compare_exchange_weak(s, end - begin);) {}
        });
        CHECK(smallest >= std::min(count, grain));
      }
  }
}

TEST_CASE("parallel_for: regions nest inline and exceptions reach the caller", "[kernels][parallel]") {
  const Threads guard(4);
  std::atomic<int> inner = 0, outer = 0;
  parallel_for(8, 1, [&](std::int64_t begin, std::int64_t end) {
    outer += static_cast<int>(end - begin);
    const auto here = std::this_thread::get_id();
    parallel_for(100, 1, [&](std::int64_t b, std::int64_t e) {
      if (std::this_thread::get_id() == here) inner += static_cast<int>(e - b);
    });
  });
  CHECK(outer == 8);
  CHECK(inner >= 100);
  for (int i = 0; i < 20; ++i)
    CHECK_THROWS_WITH(
        parallel_for(64, 1, [](std::int64_t, std::int64_t) { throw std::runtime_error("broken"); }),
        "broken");
  CHECK(covers(1000, 1));
}

TEST_CASE("parallel_for: several threads may call at once", "[kernels][parallel]") {
  const Threads guard(3);
  std::atomic<int> failures = 0;
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t)
    callers.emplace_back([&] {
      for (int i = 0; i < 50; ++i)
        if (!covers(500, 7)) ++failures;
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(failures == 0);
}

TEST_CASE("parallel_for: a forked child works alone and exits cleanly", "[kernels][parallel]") {
  const Threads guard(3);
  REQUIRE(covers(1000, 1));
  const pid_t child = fork();
  if (child == 0) _exit(covers(1000, 1) ? 0 : 1);
  int status = 1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  CHECK(covers(1000, 1));
}

TEST_CASE("num_threads: nonsense is refused", "[kernels][parallel]") {
  const int before = num_threads();
  CHECK_THROWS_WITH(set_num_threads(0), "set_num_threads: must be from 1 to 1024; got 0");
  CHECK_THROWS_WITH(set_num_threads(-3), "set_num_threads: must be from 1 to 1024; got -3");
  CHECK(num_threads() == before);
}
