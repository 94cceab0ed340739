// The device cache: a released block is reused for the next request of its size on the same stream, whose
// order makes that safe without waiting. Also pinned CPU memory, which is reused once the uploads that read
// it have finished.
#include <bit>
#include <new>

#include <tenon/core/cuda/runtime.h>

namespace tenon::cuda {

bool recycles() {
#if defined(__SANITIZE_ADDRESS__)
  return false;
#else
  static const bool keeps = !asked_by_environment("TENON_NO_CUDA_MEMORY_CACHING");
  return keeps;
#endif
}

namespace {

constexpr std::size_t least_block = 512, most_small = std::size_t{64} << 20,
                      large_step = std::size_t{2} << 20;

std::size_t round_up(std::size_t bytes, std::size_t step) { return (bytes + step - 1) / step * step; }

/// The index of the size class, for sizes up to most_small.
std::size_t class_of(std::size_t bytes) {
  if (bytes <= least_block) return 0;
  const int log = static_cast<int>(std::bit_width(bytes - 1));  // log2 of the next power of two
  return static_cast<std::size_t>((log - 10) * 4 + static_cast<int>((bytes - 1) >> (log - 3)) - 3);
}

}  // namespace

std::size_t BlockCache::block_bytes(std::size_t bytes) {
  if (!recycles()) return bytes;
  if (bytes <= least_block) return least_block;
  return round_up(bytes, bytes > most_small ? large_step : std::size_t{1} << (std::bit_width(bytes - 1) - 3));
}

std::vector<void*>& BlockCache::list_of(std::size_t bytes) {
  if (bytes > most_small) return large_[block_bytes(bytes)];
  const std::size_t at = class_of(bytes);
  if (at >= small_.size()) small_.resize(at + 1);
  return small_[at];
}

void* BlockCache::take(std::size_t bytes) {
  std::vector<void*>& list = list_of(bytes);
  if (list.empty()) return nullptr;
  void* const block = list.back();
  list.pop_back();
  kept_bytes_ -= block_bytes(bytes);
  return block;
}

void BlockCache::keep(void* block, std::size_t bytes) {
  list_of(bytes).push_back(block);
  kept_bytes_ += block_bytes(bytes);
}

std::vector<void*> BlockCache::drain() {
  std::vector<void*> all;
  const auto take_all = [&](std::vector<void*>& list) {
    all.insert(all.end(), list.begin(), list.end());
    list.clear();
  };
  for (auto& list : small_) take_all(list);
  for (auto& [bytes, list] : large_) take_all(list);
  large_.clear();
  kept_bytes_ = 0;
  return all;
}

namespace {

template <class F>
void each_stream(Device device, F f) {
  DeviceState& state = device_state(device);
  for (int i = 0; i < state.streams.load(std::memory_order_acquire); ++i) {
    StreamState& stream = *state.stream[static_cast<std::size_t>(i)].load(std::memory_order_acquire);
    const std::lock_guard lock(stream.mutex);
    f(stream);
  }
}

/// Frees the kept blocks, as far as the device still works. Call without holding locks.
void free_kept(Device device) {
  std::vector<void*> blocks;
  each_stream(device, [&](StreamState& stream) {
    const std::vector<void*> kept = stream.cache.drain();
    for (void* block : kept) stream.blocks.erase(block);
    blocks.insert(blocks.end(), kept.begin(), kept.end());
  });
  const DeviceGuard guard(device);
  for (void* block : blocks) cudaFree(block);  // waits for the work that uses it
}

[[noreturn]] void fail_out_of_memory(Device device, std::size_t bytes) {
  std::size_t free_bytes = 0, total = 0;
  if (cudaMemGetInfo(&free_bytes, &total) != cudaSuccess) cudaGetLastError();
  fail(
      "allocate: out of memory on {}; {} bytes were requested, tensors hold {}, {} of the device's {} are "
      "free",
      device, bytes, memory_bytes(device).allocated, free_bytes, total);
}

}  // namespace

void* allocate(Stream stream, std::size_t bytes) {
  StreamState& state = stream_state(stream);
  if (bytes == 0) bytes = 1;
  const std::size_t block_bytes = BlockCache::block_bytes(bytes);
  const bool capturing = captured_by_this_thread(stream);
  if (recycles()) {
    const std::lock_guard lock(state.mutex);
    void* block = capturing ? take_from_graph(state, bytes) : nullptr;
    if (!block) block = state.cache.take(bytes);
    if (block) {
      if (capturing) note_allocation(state, block);
      state.allocated += block_bytes;
      return block;
    }
  }
  const Device device = stream.device();
  const DeviceGuard guard(device);
  void* block = nullptr;
  cudaError_t error = cudaMalloc(&block, block_bytes);
  std::size_t got = block_bytes;
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    if (capturing) fail_out_of_memory(device, bytes);  // freeing may wait, which a recording cannot
    free_kept(device);
    if (recycles()) got = round_up(bytes, least_block);
    error = cudaMalloc(&block, got);
    if (error == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      fail_out_of_memory(device, bytes);
    }
  }
  check_cuda("allocate", error, device);
  const std::lock_guard lock(state.mutex);
  state.blocks.insert(block);
  if (capturing) note_allocation(state, block);
  if (got != block_bytes) state.exact.emplace(block, got);
  state.allocated += got;
  return block;
}

void release(Stream stream, void* memory, std::size_t bytes) noexcept {
  StreamState& state = stream_state(stream);
  if (bytes == 0) bytes = 1;
  {
    const std::lock_guard lock(state.mutex);
    const auto exact = state.exact.find(memory);
    state.allocated -= exact == state.exact.end() ? BlockCache::block_bytes(bytes) : exact->second;
    if (state.capture) return give_to_graph(state, memory, bytes);
    if (!state.held.empty() && state.held.contains(memory)) {
      state.parked.emplace(memory, bytes);
      return;
    }
  }
  give_back(stream, memory, bytes);
}

void give_back(Stream stream, void* memory, std::size_t bytes) noexcept {
  StreamState& state = stream_state(stream);
  {
    const std::lock_guard lock(state.mutex);
    if (state.exact.erase(memory) == 0 && recycles()) {  // an exact block is too small for the cache
      try {
        return state.cache.keep(memory, bytes);
      } catch (const std::bad_alloc&) {  // no memory to store it: free it
      }
    }
    state.blocks.erase(memory);
  }
  try {
    const DeviceGuard guard(stream.device());
    cudaFree(memory);
  } catch (const CudaError&) {  // the device no longer answers
  }
}

MemoryUse memory_bytes(Device device) {
  MemoryUse bytes{};
  each_stream(device, [&](const StreamState& stream) {
    bytes.allocated += stream.allocated;
    bytes.cached += stream.cache.kept_bytes();
  });
  return bytes;
}

void drain_cache(Device device) {
  wait_for_all("empty_cache", device);
  free_kept(device);
}

// ---- pinned CPU memory

namespace {

struct PinnedPool {
  std::mutex mutex;
  BlockCache cache;
};

PinnedPool& pinned_pool() {
  static PinnedPool& pool = *new PinnedPool;
  return pool;
}

}  // namespace

void* allocate_pinned(std::size_t bytes) {
  if (bytes == 0) bytes = 1;
  PinnedPool& pool = pinned_pool();
  if (recycles()) {
    const std::lock_guard lock(pool.mutex);
    if (void* const block = pool.cache.take(bytes)) return block;
  }
  void* block = nullptr;
  const cudaError_t error = cudaMallocHost(&block, BlockCache::block_bytes(bytes));
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    fail("allocate: out of pinned CPU memory; {} bytes were requested", bytes);
  }
  check_cuda("allocate", error, Device::cpu());
  return block;
}

void release_pinned(void* memory, std::size_t bytes) noexcept {
  if (bytes == 0) bytes = 1;
  if (recycles()) try {
      PinnedPool& pool = pinned_pool();
      const std::lock_guard lock(pool.mutex);
      return pool.cache.keep(memory, bytes);
    } catch (const std::bad_alloc&) {  // no memory to store it: free it
    }
  cudaFreeHost(memory);
}

}  // namespace tenon::cuda
