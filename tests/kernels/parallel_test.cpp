// The thread pool: coverage, nesting, exceptions, several callers, forks and process exit.
#include <tenon/core/parallel.h>

#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include <tenon/autograd/ops.h>
#include <tenon/core/call.h>

#include "../support/child.h"
#include "../support/errors.h"
#include "../support/failing_allocator.h"
#include "support.h"

using namespace tenon;
using test::Child;

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

/// Starts the workers of the pool and gives them time to begin waiting.
void use_workers() {
  const Threads guard(3);
  REQUIRE(covers(1000, 1));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

bool works() {
  const Threads guard(3);
  const Tensor a = ones({200, 300}), b = ones({300, 100}, {.requires_grad = true});
  const Tensor sum = matmul(a, b).sum();
  sum.backward();
  return covers(1000, 1) && sum.item<double>() == 200 * 300 * 100 && equal(b.grad(), full({300, 100}, 200));
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
  const Threads guard(GENERATE(2, 3));  // on two cores only two look for work before they sleep
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

TEST_CASE("parallel_for: threads without work use no CPU", "[kernels][parallel]") {
  const Threads guard(2);  // if there are two cores, they look for work before they sleep
  REQUIRE(covers(1000, 1));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const auto used = [] {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  const auto before = used();
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  CHECK(used() - before < std::chrono::milliseconds(25));
}

TEST_CASE("parallel_for: a forked child works alone, and exits with its status", "[kernels][parallel]") {
  use_workers();
  const Child child([] { std::exit(works() ? 7 : 1); });
  CHECK(child.status() == "exited with 7");
  CHECK(covers(1000, 1));
}

TEST_CASE("parallel_for: a grandchild works alone", "[kernels][parallel]") {
  use_workers();
  const Child child([] {
    const Child grandchild([] { std::exit(works() ? 7 : 1); });
    std::exit(works() && grandchild.status() == "exited with 7" ? 8 : 1);
  });
  CHECK(child.status() == "exited with 8");
}

TEST_CASE("parallel_for: a child forked inside a region works alone", "[kernels][parallel]") {
  const Threads guard(3);
  // Forked in the calling thread, and once both workers are in the region: the leak sanitizer would report
  // memory referenced from the stacks of threads that the child lacks, and a thread that is just starting
  // holds locks of the sanitizer, for which the child would wait in vain.
  const auto caller = std::this_thread::get_id();
  std::atomic<int> inside = 0;
  std::string status;
  parallel_for(3, 1, [&](std::int64_t, std::int64_t) {
    ++inside;
    while (inside < 3) std::this_thread::yield();
    if (std::this_thread::get_id() == caller) status = Child([] { std::exit(works() ? 7 : 1); }).status();
  });
  CHECK(status == "exited with 7");
}

TEST_CASE("parallel_for: a daemon works alone", "[kernels][parallel]") {
  use_workers();
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  static int report;
  report = ends[1];
  const Child child([&] {
    close(ends[0]);
    if (daemon(0, 0) != 0) _exit(1);  // the parent has exited with status 0
    alarm(Child::most_seconds);
    // Static destructors run after thread-local ones.
    struct Last {
      ~Last() { [[maybe_unused]] const ssize_t written = write(report, works() ? "7" : "1", 1); }
    };
    static const Last last;
    std::exit(works() ? 0 : 1);
  });
  close(ends[1]);
  CHECK(child.status() == "exited with 0");
  char said = 0;
  CHECK(read(ends[0], &said, 1) == 1);
  CHECK(said == '7');
  close(ends[0]);
}

TEST_CASE("parallel_for: a body may call exit()", "[kernels][parallel]") {
  const Child child([] {
    set_num_threads(3);
    const auto caller = std::this_thread::get_id();
    for (int i = 0; i < 100; ++i)  // no workers exist unless an earlier test in this process started them
      parallel_for(3, 1, [&](std::int64_t, std::int64_t) {
        if (std::this_thread::get_id() != caller) std::exit(7);
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      });
    std::exit(7);
  });
  CHECK(child.status() == "exited with 7");
}

TEST_CASE("parallel_for: exit() in one thread while another is in a region", "[kernels][parallel]") {
  const Child child([] {
    set_num_threads(3);
    std::atomic<bool> inside = false;
    std::thread([&] {
      for (;;) inside = covers(1000, 1);
    }).detach();
    while (!inside) std::this_thread::yield();
    std::exit(7);
  });
  CHECK(child.status() == "exited with 7");
}

TEST_CASE(
    "parallel_for: an error in a worker names the call that it serves, and its line", "[kernels][parallel]") {
  const Threads three(3);
  const auto caller = std::this_thread::get_id();
  const auto line = CallSite::current().line() + 3;
  std::string text;
  try {
    const Call call("outer", CallSite::current());
    while (text.empty())
      parallel_for(3, 1, [&](std::int64_t, std::int64_t) {
        check(std::this_thread::get_id() == caller, "inner: not the caller");
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      });
  } catch (const Error& error) { text = error.what(); }
  CHECK(text == "outer: not the caller" + test::at_line(line));
}

TEST_CASE("parallel_for: without memory for its task lists the caller does the work", "[kernels][parallel]") {
  const Threads three(3);
  for (int request = 0; request < 4; ++request) {
    std::atomic<int> items = 0;
    const auto attempt = test::with_failing_request(request, test::Failing::from_then_on, [&] {
      parallel_for(
          1000, 1, [&](std::int64_t begin, std::int64_t end) { items += static_cast<int>(end - begin); });
    });
    CHECK_FALSE(attempt.threw);
    CHECK(items == 1000);
  }
}

TEST_CASE("num_threads: invalid values are refused", "[kernels][parallel]") {
  const int before = num_threads();
  CHECK_THROWS_WITH(set_num_threads(0), "set_num_threads: must be from 1 to 1024; got 0");
  CHECK_THROWS_WITH(set_num_threads(-3), "set_num_threads: must be from 1 to 1024; got -3");
  CHECK(num_threads() == before);
}
