// Memory of the emulated CUDA runtime. Device memory is host memory, but under AddressSanitizer it is
// poisoned except during kernels and runtime calls: host code that reads a device pointer is reported.
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include <simt_emu/emulator.h>
#include <simt_emu/fibers.h>
#include <simt_emu/runtime.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(memory, bytes) (static_cast<void>(memory))
#define ASAN_UNPOISON_MEMORY_REGION(memory, bytes) (static_cast<void>(memory))
#endif

namespace simt::emu {

namespace {

using Entry = std::map<std::uintptr_t, Allocation>::value_type;

std::uintptr_t address(const void* memory) { return reinterpret_cast<std::uintptr_t>(memory); }

void hide(const Entry& entry) {
  if (entry.second.device != pinned)
    ASAN_POISON_MEMORY_REGION(reinterpret_cast<void*>(entry.first), entry.second.bytes);
}
void show(const Entry& entry) {
  if (entry.second.device != pinned)
    ASAN_UNPOISON_MEMORY_REGION(reinterpret_cast<void*>(entry.first), entry.second.bytes);
}

/// The allocation that holds the byte at `memory`, or null.
const Entry* find(const Runtime& r, const void* memory) {
  auto after = r.allocations.upper_bound(address(memory));
  if (after == r.allocations.begin()) return nullptr;
  const Entry& entry = *std::prev(after);
  return address(memory) - entry.first < entry.second.bytes ? &entry : nullptr;
}

/// The device that owns `memory`; `pinned` for any host memory.
int device_of(const Runtime& r, const void* memory) {
  const Entry* const entry = find(r, memory);
  return entry ? entry->second.device : pinned;
}
/// Whether the range stays inside the allocation. Ordinary memory is left to AddressSanitizer.
bool holds(const Runtime& r, const void* memory, std::size_t bytes) {
  const Entry* const entry = find(r, memory);
  return !entry || bytes <= entry->second.bytes - (address(memory) - entry->first);
}

/// While this object lives, the host may access the allocation that contains `memory`, if there is one.
class Shown {
 public:
  Shown(const Runtime& r, const void* memory) : entry_(find(r, memory)) {
    if (entry_) show(*entry_);
  }
  ~Shown() {
    if (entry_) hide(*entry_);
  }
  Shown(const Shown&) = delete;
  Shown& operator=(const Shown&) = delete;

 private:
  const Entry* entry_;
};

/// Memory of the exact size, filled with NaN.
cudaError_t allocate(Runtime& r, void** memory, std::size_t bytes, int device) {
  *memory = nullptr;
  if (bytes == 0) return cudaSuccess;
  if (posix_memalign(memory, 256, bytes) != 0) return cudaErrorMemoryAllocation;
  {
    const Unseen unseen;
    std::memset(*memory, 0xff, bytes);
  }
  hide(*r.allocations.emplace(address(*memory), Allocation{bytes, device}).first);
  return cudaSuccess;
}

cudaError_t release_memory(Runtime& r, void* memory, int device) {
  const auto found = r.allocations.find(address(memory));
  if (found == r.allocations.end() || found->second.device != device) return cudaErrorInvalidValue;
  show(*found);
  if (device != pinned) r.used[device] -= found->second.bytes;
  r.allocations.erase(found);
  std::free(memory);
  return cudaSuccess;
}

/// Devices are device indices, or `pinned` for the host.
cudaError_t copy(Runtime& r, void* to, int to_device, const void* from, int from_device, std::size_t bytes) {
  if (bytes == 0) return cudaSuccess;
  if (device_of(r, to) != to_device || device_of(r, from) != from_device || !holds(r, to, bytes) ||
      !holds(r, from, bytes))
    return cudaErrorInvalidValue;
  const Shown target(r, to), source(r, from);
  std::memmove(to, from, bytes);
  return cudaSuccess;
}

/// Whether the address is in writable host memory, such as a stack or heap. Always false with sanitizers,
/// which map too much memory.
bool is_host_memory([[maybe_unused]] std::uintptr_t place) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(SIMT_EMU_TSAN)
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t first = 0, end = 0;
    char read = 0, write = 0;
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " %c%c", &first, &end, &read, &write) == 4 &&
        place >= first && place < end)
      return write == 'w';
  }
#endif
  return false;
}

}  // namespace

void check_pointers(int index, const void* argument, std::size_t bytes) {
  const std::lock_guard lock(emulator_mutex);
  for (std::size_t at = 0; at + sizeof(std::uintptr_t) <= bytes; at += sizeof(std::uintptr_t)) {
    // Any word that looks like an address is treated as one: other arguments hardly ever do.
    std::uintptr_t word;
    std::memcpy(&word, static_cast<const char*>(argument) + at, sizeof word);
    if (word >> 44 == 0 || word >> 47 != 0) continue;  // Linux places stacks, heaps and mappings there
    const char* const place = reinterpret_cast<const char*>(word);
    const Entry* entry = find(runtime(), place);
    if (!entry) entry = find(runtime(), place - 1);  // one past the end
    const std::string start = "argument " + std::to_string(index) + " of the kernel points to ";
    if (entry && entry->second.device != pinned && entry->second.device != current_device)
      throw Error(start + "memory of another device");
    if (!entry && is_host_memory(word)) throw Error(start + "memory of the host that is not pinned");
  }
}

int device_begins(void* stream, std::size_t shared, const void* kernel) {
  Runtime& r = runtime();
  const auto handle = static_cast<cudaStream_t>(stream);
  cudaError_t error = std::exchange(r.fail_launch, cudaSuccess);
  if (error == cudaSuccess) error = r.lost;
  if (error == cudaSuccess && r.devices == 0) error = cudaErrorInsufficientDriver;
  if (error == cudaSuccess && (!r.valid(handle) || (handle && handle->device != current_device)))
    error = cudaErrorInvalidResourceHandle;
  if (error == cudaSuccess && shared > most_shared_at_launch) error = cudaErrorInvalidValue;
  if (noted(error) != cudaSuccess) return error;
  ++r.launches[kernel];
  for (const Entry& entry : r.allocations) show(entry);
  return cudaSuccess;
}

bool in_global_memory(const void* memory, std::size_t bytes) {
  return find(runtime(), memory) && holds(runtime(), memory, bytes);
}

void device_ends() {
  for (const Entry& entry : runtime().allocations) hide(entry);
}

}  // namespace simt::emu

using namespace simt::emu;

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  return call(__func__, [&](Runtime& r) {
    *total = r.device_memory;
    *free = r.device_memory - std::min(r.device_memory, r.used[current_device]);
    return cudaSuccess;
  });
}

cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  return call(__func__, [&](Runtime& r) {
    std::size_t& used = r.used[current_device];
    if (bytes > r.device_memory - std::min(r.device_memory, used)) return cudaErrorMemoryAllocation;
    const cudaError_t error = allocate(r, memory, bytes, current_device);
    if (error == cudaSuccess) used += bytes;
    return error;
  });
}
/// Stricter than CUDA: the device of the memory must be the current one.
cudaError_t cudaFree(void* memory) {
  return call(
      __func__, [&](Runtime& r) { return memory ? release_memory(r, memory, current_device) : cudaSuccess; });
}
cudaError_t cudaMallocHost(void** memory, std::size_t bytes) {
  return call(__func__, [&](Runtime& r) { return allocate(r, memory, bytes, pinned); });
}
cudaError_t cudaFreeHost(void* memory) {
  return call(__func__, [&](Runtime& r) { return memory ? release_memory(r, memory, pinned) : cudaSuccess; });
}

cudaError_t cudaMemcpyAsync(
    void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  return call(__func__, [&](Runtime& r) {
    if (!r.valid(stream)) return cudaErrorInvalidResourceHandle;
    if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDefault) return cudaErrorInvalidMemcpyDirection;
    const int to_device = device_of(r, to), from_device = device_of(r, from);
    if (bytes > 0 && kind != cudaMemcpyDefault) {
      const bool to_any = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
      const bool from_any = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
      if (to_any != (to_device != pinned) || from_any != (from_device != pinned))
        return cudaErrorInvalidValue;
    }
    return enqueue(
        r, stream, [=](Runtime& then) { return copy(then, to, to_device, from, from_device, bytes); });
  });
}
cudaError_t cudaMemcpyPeerAsync(
    void* to, int to_device, const void* from, int from_device, std::size_t bytes, cudaStream_t stream) {
  return call(__func__, [&](Runtime& r) {
    if (!r.valid(stream)) return cudaErrorInvalidResourceHandle;
    for (const int device : {to_device, from_device})
      if (device < 0 || device >= r.devices) return cudaErrorInvalidDevice;
    if (Runtime::captured(stream)) return Runtime::not_while_captured(stream);  // stricter than CUDA
    return copy(r, to, to_device, from, from_device, bytes);
  });
}
cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream) {
  return call(__func__, [&](Runtime& r) {
    if (!r.valid(stream)) return cudaErrorInvalidResourceHandle;
    if (bytes == 0) return cudaSuccess;
    if (device_of(r, memory) == pinned || !holds(r, memory, bytes)) return cudaErrorInvalidValue;
    return enqueue(r, stream, [=](Runtime& then) {
      const Shown target(then, memory);
      std::memset(memory, value, bytes);
      return cudaSuccess;
    });
  });
}
