#include <tenon/core/pool.h>

#include <cstdlib>
#include <new>
#include <utility>

#include <tenon/core/check.h>

namespace tenon::pool {

static constinit Cache unopened{}, closed{};  // never written to: they have no blocks and no room

constinit thread_local Cache* cache = &unopened;

namespace {

/// Blocks that other thread_local objects free after this one's destruction find the cache closed.
struct Reaper {
  bool armed = false;
  ~Reaper() { close_thread_cache(); }
};
thread_local Reaper reaper;

/// False if there is no memory for a cache.
bool open() {
  Cache* const opened = new (std::nothrow) Cache{};
  if (!opened) return false;
  for (int i = 0; i < classes; ++i) opened->lists[static_cast<std::size_t>(i)].room = class_limit(i);
  reaper.armed = true;
  cache = opened;
  return true;
}

}  // namespace

void close_thread_cache() noexcept {
  Cache* const old = std::exchange(cache, &closed);
  if (old == &unopened || old == &closed) return;
  for (List& list : old->lists)
    while (void* block = list.head) {
      list.head = *static_cast<void**>(block);
      std::free(block);
    }
  delete old;
}

void reopen_thread_cache() noexcept {
  if (cache == &closed) cache = &unopened;
}

void* allocate_slow(std::size_t bytes) {
  std::size_t block_bytes = bytes;
  if constexpr (enabled) {
    if (cache == &unopened) open();
    if (bytes <= large_limit)
      block_bytes = class_bytes(size_class(bytes));  // a list serves every size of its class
  }
  // Aligned to cache lines, for wide loads of small tensors. glibc has no fast path for this alignment; the
  // free lists provide one.
  void* block = std::aligned_alloc(64, (block_bytes + 63) / 64 * 64);
  check(block != nullptr, "allocate: out of memory; {} bytes were requested", bytes);
  return block;
}

void release_slow(void* block, std::size_t bytes) noexcept {
  if constexpr (enabled)
    if (cache == &unopened && open()) return release(block, bytes);
  std::free(block);
}

}  // namespace tenon::pool
