// Checks tests/support/failing_allocator.h: which requests it counts and which it leaves alone.
#include "../support/failing_allocator.h"

#include <atomic>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include <tenon/core/pool.h>

#include "../support/tensors.h"

using namespace tenon;
using test::Attempt;
using test::Failing;
using test::with_failing_request;

namespace {

struct alignas(128) Wide {
  std::byte bytes[128];
};

/// True if `call` makes exactly one request and fails when that request fails.
template <class Call>
bool is_one_request(Call call) {
  const Attempt first = with_failing_request(0, Failing::once, call);
  const Attempt second = with_failing_request(1, Failing::once, call);
  return first.reached && first.threw && !second.reached && !second.threw;
}

}  // namespace

TEST_CASE("failing_allocator: every way to ask for memory is a request") {
  REQUIRE(is_one_request([] { ::operator delete(::operator new(8)); }));
  REQUIRE(is_one_request([] { delete new volatile int(1); }));
  // A library block counts even if the thread's cache holds one of its size.
  pool::release(pool::allocate(100), 100);
  REQUIRE(is_one_request([] { pool::release(pool::allocate(100), 100); }));
  REQUIRE(is_one_request([] { ::operator delete[](::operator new[](8)); }));
  REQUIRE(is_one_request(
      [] { ::operator delete(::operator new(8, std::align_val_t(128)), std::align_val_t(128)); }));
  REQUIRE(is_one_request([] { std::vector<Wide>(1); }));
  REQUIRE(is_one_request([] { std::string(100, 'x'); }));
  for (const bool array : {false, true}) {
    void* block = &block;
    const Attempt attempt = with_failing_request(0, Failing::once,
        [&] { block = array ? ::operator new[](8, std::nothrow) : ::operator new(8, std::nothrow); });
    REQUIRE(attempt.reached);
    REQUIRE_FALSE(attempt.threw);
    REQUIRE(block == nullptr);
  }
}

TEST_CASE("failing_allocator: the library throws its own Error, and the call can be repeated") {
  test::detail::arm(0, Failing::once);
  const std::string text = test::error_of([] { pool::release(pool::allocate(1000), 1000); });
  test::detail::disarm();
  REQUIRE(text == "allocate: out of memory; 1000 bytes were requested");
  int calls = 0, looks = 0;
  test::for_each_failure([] { return Tensor(); },
      [&](Tensor& out) {
        ++calls;
        out = ones({3});
      },
      [&](const Tensor& out) {
        ++looks;
        REQUIRE_FALSE(out.defined());
      },
      [](const Tensor& out) { REQUIRE(test::value(out.sum()) == 3); });
  // A tensor makes two blocks: its elements and its description.
  REQUIRE(looks == 2 * 2);
  REQUIRE(calls == 2 * (2 + 2 + 1));
}

TEST_CASE("failing_allocator: a single request fails, or all requests from that one on") {
  for (const Failing failing : {Failing::once, Failing::from_then_on}) {
    std::string outcomes;
    const Attempt attempt = with_failing_request(1, failing, [&] {
      for (int i = 0; i < 4; ++i) {
        const std::unique_ptr<char> kept(new (std::nothrow) char);
        outcomes += kept ? 'y' : 'n';  // short enough not to allocate
      }
    });
    REQUIRE(attempt.reached);
    REQUIRE(outcomes == (failing == Failing::once ? "ynyy" : "ynnn"));
  }
}

TEST_CASE("failing_allocator: other threads, other exceptions, and the state afterwards") {
  std::vector<int> list;
  std::atomic<bool> armed{false}, finished{false};
  std::thread other([&] {
    while (!armed) std::this_thread::yield();
    list.assign(100, 1);
    finished = true;
  });
  const Attempt attempt = with_failing_request(0, Failing::from_then_on, [&] {
    armed = true;
    while (!finished) std::this_thread::yield();
  });
  other.join();
  REQUIRE_FALSE(attempt.reached);
  REQUIRE(list.size() == 100);
  REQUIRE(test::error_of([] { with_failing_request(100, Failing::once, [] { throw Error("other"); }); }) ==
          "other");
  REQUIRE(std::vector<int>(1000).size() == 1000);
  // The thread's cache works again: a released block is reused.
  void* const block = pool::allocate(100);
  pool::release(block, 100);
  void* const again = pool::allocate(100);
  if constexpr (pool::enabled) REQUIRE(again == block);
  pool::release(again, 100);
}
