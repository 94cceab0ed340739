// The caches of CPU memory: reuse, the limit, and what they hold of the machine's memory.
#include <tenon/core/pool.h>

#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>
#include <vector>

#include <tenon/autograd/grad.h>
#include <tenon/autograd/ops.h>
#include <tenon/core/cpu.h>

#include "../support/catch.h"
#include "../support/child.h"
#include "../support/device.h"

using namespace tenon;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

/// Starts with an empty cache, and restores the limit.
struct EmptyCache {
  std::size_t limit = cpu::cache_limit();
  EmptyCache() { cpu::empty_cache(); }
  ~EmptyCache() {
    cpu::set_cache_limit(limit);
    cpu::empty_cache();
  }
};

std::size_t resident_bytes() {
  std::size_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// Makes and frees a block whose every byte was written to.
void use(std::size_t bytes) {
  void* const block = pool::allocate(bytes);
  std::memset(block, 1, bytes);
  pool::release(block, bytes);
}

}  // namespace

TEST_CASE("pool: a block of any size is used again for its size", "[core][pool]") {
  if constexpr (!pool::enabled) return test::skip("the sanitizer needs fresh blocks");
  const EmptyCache guard;
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{1000}, mib, mib + 64, 3 * mib, 40 * mib + 1}) {
    CAPTURE(bytes);
    void* const block = pool::allocate(bytes);
    REQUIRE(reinterpret_cast<std::uintptr_t>(block) % 64 == 0);
    pool::release(block, bytes);
    void* const again = pool::allocate(bytes);
    CHECK(again == block);
    void* const other = pool::allocate(bytes);
    CHECK(other != block);
    pool::release(again, bytes);
    pool::release(other, bytes);
  }
}

TEST_CASE("pool: large blocks are shared by all threads", "[core][pool]") {
  if constexpr (!pool::enabled) return test::skip("the sanitizer needs fresh blocks");
  const EmptyCache guard;
  void* block = nullptr;
  std::thread([&] { pool::release(block = pool::allocate(5 * mib), 5 * mib); }).join();
  void* const again = pool::allocate(5 * mib);
  CHECK(again == block);
  pool::release(again, 5 * mib);
}

TEST_CASE("pool: blocks from 64 KiB on that do not fit into a thread's list are shared", "[core][pool]") {
  if constexpr (!pool::enabled) return test::skip("the sanitizer needs fresh blocks");
  const EmptyCache guard;
  for (const auto& [bytes, shared] :
      {std::pair{std::size_t{160} << 10, true}, {std::size_t{60} << 10, false}}) {
    std::vector<void*> blocks(40);
    for (void*& block : blocks) block = pool::allocate(bytes);
    for (void* block : blocks) pool::release(block, bytes);
    const std::size_t kept = cpu::cached_bytes();
    CHECK((kept >= 32 * bytes) == shared);
    for (void*& block : blocks) block = pool::allocate(bytes);
    CHECK(cpu::cached_bytes() == 0);
    for (void* block : blocks) pool::release(block, bytes);
    CHECK(cpu::cached_bytes() == kept);
    cpu::empty_cache();
  }
}

TEST_CASE("pool: what is kept stays within the limit, and the oldest goes first", "[core][pool]") {
  if constexpr (!pool::enabled) return test::skip("the sanitizer needs fresh blocks");
  const EmptyCache guard;
  cpu::set_cache_limit(20 * mib);
  CHECK(cpu::cache_limit() == 20 * mib);
  std::vector<void*> blocks;
  for (const std::size_t size : {8, 6, 4}) blocks.push_back(pool::allocate(size * mib));
  std::size_t i = 0;
  for (const std::size_t size : {8, 6, 4}) pool::release(blocks[i++], size * mib);
  CHECK(cpu::cached_bytes() == 18 * mib);
  use(5 * mib);  // 23 MiB: the block of 8 goes
  CHECK(cpu::cached_bytes() == 15 * mib);
  void* const six = pool::allocate(6 * mib);
  CHECK(six == blocks[1]);
  pool::release(six, 6 * mib);
  use(24 * mib);  // too large to be kept; the others stay
  CHECK(cpu::cached_bytes() == 15 * mib);
  cpu::set_cache_limit(10 * mib);
  CHECK(cpu::cached_bytes() <= 10 * mib);
  cpu::set_cache_limit(0);
  use(2 * mib);
  CHECK(cpu::cached_bytes() == 0);
  cpu::set_cache_limit(~std::size_t{0});
  use(2 * mib);
  CHECK(cpu::cached_bytes() >= 2 * mib);
}

TEST_CASE("pool: many kept blocks do not exceed the room for them", "[core][pool]") {
  if constexpr (!pool::enabled) return test::skip("the sanitizer needs fresh blocks");
  const EmptyCache guard;
  std::vector<void*> blocks;
  constexpr std::size_t bytes = mib + mib / 4;  // untouched, so it takes no memory
  for (int i = 0; i < 300; ++i) blocks.push_back(pool::allocate(bytes));
  for (void* const block : blocks) pool::release(block, bytes);
  CHECK(cpu::cached_bytes() == 256 * bytes);
}

TEST_CASE("pool: empty_cache() returns memory to the system", "[core][pool]") {
  if constexpr (!pool::enabled) return test::skip("the sanitizer needs fresh blocks");
  const EmptyCache guard;
  const std::size_t before = resident_bytes();
  use(64 * mib);
  CHECK(resident_bytes() >= before + 60 * mib);
  cpu::empty_cache();
  CHECK(cpu::cached_bytes() == 0);
  CHECK(resident_bytes() <= before + 4 * mib);
}

TEST_CASE("pool: kept blocks are given up before memory runs out", "[core][pool]") {
  if constexpr (!pool::enabled) return test::skip("the sanitizer needs fresh blocks");
#if defined(__SANITIZE_THREAD__)
  return test::skip("the sanitizer reserves more address space than any limit");
#endif
  const test::Child child([] {
    cpu::set_cache_limit(512 * mib);
    cpu::empty_cache();
    use(300 * mib);
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t room = pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + 200 * mib;
    const rlimit limit{room, room};
    if (setrlimit(RLIMIT_AS, &limit) != 0) return 2;
    pool::release(pool::allocate(400 * mib), 400 * mib);  // fits only in place of the kept block
    return cpu::cached_bytes() >= 400 * mib ? 0 : 3;
  });
  CHECK(child.status() == "exited with 0");
}

TEST_CASE("pool: a child may be forked while other threads make large blocks", "[core][pool]") {
  if constexpr (!pool::enabled) return test::skip("the sanitizer's own allocator may be locked at a fork");
  std::atomic<bool> done = false;
  std::thread other([&] {
    while (!done) use(2 * mib);
  });
  for (int i = 0; i < 20; ++i) {
    const test::Child child([] {
      for (int k = 0; k < 3; ++k) pool::release(pool::allocate(2 * mib), 2 * mib);
      _exit(0);
    });
    CHECK(child.status() == "exited with 0");
  }
  done = true;
  other.join();
}

TEST_CASE("pool: a long training keeps its memory", "[core][pool]") {
  if constexpr (!pool::enabled) return test::skip("the sanitizer keeps freed blocks for a while");
  const EmptyCache guard;
  const Tensor w = full({512, 512}, 0.001, {.requires_grad = true}), x = ones({32, 512});
  const auto step = [&] {
    matmul(relu(matmul(x, w)), w).sum().backward();
    w.zero_grad();
  };
  for (int i = 0; i < 5; ++i) step();
  const std::size_t before = resident_bytes(), cached = cpu::cached_bytes();
  for (int i = 0; i < (test::thorough ? 100 : 20); ++i)
    step();  // one that is not reused takes 1 MiB per step
  CHECK(cpu::cached_bytes() == cached);
  CHECK(resident_bytes() <= before + 2 * mib);
}
