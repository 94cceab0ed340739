#include <tenon/core/pool.h>

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>

#include <tenon/core/check.h>
#include <tenon/core/cpu.h>

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

/// The blocks that are kept for all threads, oldest first. Never destroyed, like the blocks of static
/// tensors.
class SharedCache {
 public:
  /// A block of this size, or null.
  void* take(std::size_t bytes) noexcept {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = count_; i-- > 0;)  // the newest first: it is the likeliest to be in a cache
      if (kept_[i].bytes == bytes) return remove(i);
    return nullptr;
  }
  /// Keeps the block, and frees the oldest ones as far as the limit requires. False if the block alone
  /// exceeds the limit.
  bool keep(void* block, std::size_t bytes) noexcept {
    const std::lock_guard lock(mutex_);
    if (bytes > limit()) return false;
    shrink(limit() - bytes);
    if (count_ == kept_.size()) std::free(remove(0));
    kept_[count_++] = {block, bytes};
    bytes_ += bytes;
    return true;
  }
  /// Frees all kept blocks. False: there were none.
  bool empty() noexcept {
    const std::lock_guard lock(mutex_);
    const bool any = count_ > 0;
    shrink(0);
    return any;
  }
  std::size_t bytes() noexcept {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }
  std::size_t limit_bytes() noexcept {
    const std::lock_guard lock(mutex_);
    return limit();
  }
  void set_limit(std::size_t bytes) noexcept {
    const std::lock_guard lock(mutex_);
    limit_ = std::min(bytes, unset - 1);
    shrink(limit_);
  }
  // Around fork(), so that the child does not find the mutex locked by a thread that it lacks.
  void lock() noexcept { mutex_.lock(); }
  void unlock() noexcept { mutex_.unlock(); }

 private:
  struct Kept {
    void* block;
    std::size_t bytes;
  };
  static constexpr std::size_t unset = ~std::size_t{0};

  std::size_t limit() noexcept {
    if (limit_ == unset) {
      const auto pages = static_cast<std::size_t>(std::max(sysconf(_SC_PHYS_PAGES), 0L)),
                 page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
      limit_ = std::min(pages / 8 * page, std::size_t{1} << 30);
    }
    return limit_;
  }
  void* remove(std::size_t i) noexcept {
    void* const block = kept_[i].block;
    bytes_ -= kept_[i].bytes;
    std::copy(kept_.begin() + static_cast<std::ptrdiff_t>(i) + 1,
        kept_.begin() + static_cast<std::ptrdiff_t>(count_), kept_.begin() + static_cast<std::ptrdiff_t>(i));
    --count_;
    return block;
  }
  void shrink(std::size_t most) noexcept {
    while (bytes_ > most) std::free(remove(0));
  }

  std::mutex mutex_;
  std::array<Kept, 256> kept_{};
  std::size_t count_ = 0, bytes_ = 0, limit_ = unset;
};

SharedCache& shared_cache() {
  static constinit SharedCache shared;
  static const struct Registration {
    Registration() {
      pthread_atfork([] { shared.lock(); }, [] { shared.unlock(); }, [] { shared.unlock(); });
    }
    ~Registration() { shared.set_limit(0); }  // a plugin that is unloaded leaves no blocks behind
  } registration;
  return shared;
}

/// Huge pages (2 MiB) make fresh memory several times as fast to fill, and save entries of the TLB.
constexpr std::size_t huge_page = std::size_t{2} << 20;

/// The size of the block that serves `bytes`: that of its class.
std::size_t block_bytes(std::size_t bytes) { return enabled ? class_bytes(size_class(bytes)) : bytes; }

/// A new block, or null.
void* from_system(std::size_t bytes) noexcept {
  const std::size_t size = block_bytes(bytes);
  // Aligned to cache lines, for wide loads of small tensors. glibc has no fast path for this alignment; the
  // free lists provide one.
  if (bytes < huge_page) return std::aligned_alloc(64, (size + 63) / 64 * 64);
  void* const block = std::aligned_alloc(huge_page, (size + huge_page - 1) / huge_page * huge_page);
  // What the class adds to the request is memory only once it is written to, so it is left out.
  if (block) madvise(block, bytes / huge_page * huge_page, MADV_HUGEPAGE);  // advice: it may be refused
  return block;
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
  if constexpr (enabled) {
    if (cache == &unopened) open();
    if (bytes >= least_shared && cache != &closed)
      if (void* const block = shared_cache().take(block_bytes(bytes))) return block;
  }
  void* block = from_system(bytes);
  if (!block && cache != &closed && shared_cache().empty()) block = from_system(bytes);
  check(block != nullptr, "allocate: out of memory; {} bytes were requested", bytes);
  return block;
}

void release_slow(void* block, std::size_t bytes) noexcept {
  if constexpr (enabled) {
    if (cache == &unopened && open()) return release(block, bytes);
    if (bytes >= least_shared && cache != &closed && shared_cache().keep(block, block_bytes(bytes))) return;
  }
  std::free(block);
}

}  // namespace tenon::pool

namespace tenon::cpu {

std::size_t cached_bytes() { return pool::shared_cache().bytes(); }
std::size_t cache_limit() { return pool::shared_cache().limit_bytes(); }
void set_cache_limit(std::size_t bytes) { pool::shared_cache().set_limit(bytes); }

void empty_cache() {
  pool::shared_cache().empty();
  pool::close_thread_cache();
  pool::reopen_thread_cache();
}

}  // namespace tenon::cpu
