// Bounded caches in front of malloc: one per thread for blocks up to 1 MiB, and one for the process for
// larger blocks and for those from 64 KiB on that a thread's cache has no room for. Blocks have no owner: one
// freed in another thread joins that thread's cache, and a full cache returns blocks to malloc, so a producer
// and a consumer cannot grow memory without limit.
#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <tenon/core/api.h>

namespace tenon::pool {

// Recycled blocks would hide uses after free from the sanitizers.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool enabled = false;
#else
inline constexpr bool enabled = true;
#endif

inline constexpr std::size_t small_limit = 1024, large_limit = std::size_t{1} << 20;
inline constexpr std::size_t least_shared = std::size_t{64} << 10;  // of the process's cache
inline constexpr int small_classes = small_limit / 64, classes = small_classes + 10 * 4;

/// 64-byte steps up to 1 KiB, then four steps per doubling.
constexpr int size_class(std::size_t bytes) {
  if (bytes <= small_limit) return static_cast<int>((bytes + 63) / 64) - 1;
  const int log = static_cast<int>(std::bit_width(bytes - 1));
  return small_classes + (log - 11) * 4 + static_cast<int>((bytes - 1) >> (log - 3)) - 4;
}
constexpr std::size_t class_bytes(int index) {
  if (index < small_classes) return (static_cast<std::size_t>(index) + 1) * 64;
  const int i = index - small_classes;
  return static_cast<std::size_t>(i % 4 + 5) << (i / 4 + 8);
}
/// At most 256 KiB or 8 blocks per class.
constexpr std::uint32_t class_limit(int index) {
  const auto blocks = (std::size_t{256} << 10) / class_bytes(index);
  return static_cast<std::uint32_t>(blocks < 8 ? 8 : blocks);
}
static_assert(size_class(1) == 0 && size_class(1024) == 15 && size_class(1025) == 16 &&
              size_class(large_limit) < classes);
static_assert(class_bytes(size_class(1281)) == 1536 && class_bytes(size_class(large_limit)) == large_limit);

/// `room` counts the blocks that still fit. An all-zero list is both empty and full, so both operations take
/// the slow path.
struct List {
  void* head;
  std::uint32_t room;
};
struct Cache {
  std::array<List, classes> lists;
};
/// This thread's cache; before its first block and after its destruction, a shared all-zero one. A pointer,
/// because all libraries that a program loads share one small reserve for their thread_locals
/// (docs/design.md).
extern constinit thread_local Cache* cache;

void* allocate_slow(std::size_t bytes);
void release_slow(void* block, std::size_t bytes) noexcept;
/// Returns this thread's cached blocks to malloc. Later blocks bypass the cache.
void close_thread_cache() noexcept;
/// Undoes close_thread_cache().
void reopen_thread_cache() noexcept;

/// At least one byte, aligned to 64. Throws Error if memory runs out.
inline void* allocate(std::size_t bytes) {
  if constexpr (enabled)
    if (bytes <= large_limit) [[likely]] {
      List& list = cache->lists[static_cast<std::size_t>(size_class(bytes))];
      if (void* block = list.head) [[likely]] {
        list.head = *static_cast<void**>(block);
        ++list.room;
        return block;
      }
    }
  return allocate_slow(bytes);
}

/// `bytes` is the size that was requested.
inline void release(void* block, std::size_t bytes) noexcept {
  if constexpr (enabled)
    if (bytes <= large_limit) [[likely]] {
      List& list = cache->lists[static_cast<std::size_t>(size_class(bytes))];
      if (list.room) [[likely]] {
        --list.room;
        *static_cast<void**>(block) = list.head;
        list.head = block;
        return;
      }
    }
  release_slow(block, bytes);
}

}  // namespace tenon::pool
