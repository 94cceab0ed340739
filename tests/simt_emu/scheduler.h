// The interface between the emulator's files. Everything is used with the mutex held and is never destroyed:
// tensors of static lifetime are released after everything else.
#pragma once
#include <mutex>
#include <span>
#include <string>

#include <simt_emu/emulator.h>

namespace simt::emu {

inline constexpr unsigned most_threads = 1024, most_warps = most_threads / 32;
inline constexpr unsigned most_in_cluster = 8;  // blocks

/// Held during a launch and during each call of the runtime.
extern std::mutex emulator_mutex;

// ---- cudart.cpp

/// Of a block, if its launch asks for it.
inline constexpr std::size_t most_shared_at_launch = 227 * 1024;
/// Returns 0 and makes device memory accessible until device_ends(), or returns the error that the launch
/// reports instead of running.
int device_begins(void* stream, std::size_t shared, const void* kernel);
void device_ends();
/// Whether all these bytes are in one allocation. In cudart_memory.cpp.
bool in_global_memory(const void* memory, std::size_t bytes);

// ---- scheduler.cpp

/// What a thread waits for, if the report of a deadlock says more of it than its name.
struct Awaited {
  /// Such as " (2 of 64 threads have arrived)".
  virtual std::string state() const = 0;

 protected:
  ~Awaited() = default;
};
/// Blocks the calling thread until another wakes it. `what` and `awaited` are for the report of a deadlock.
void wait(const char* what, CallSite at, const Awaited* awaited = nullptr);
void wake(unsigned thread);
/// Makes another block of the cluster the running one. Each file keeps the state of one block, and exchanges
/// it for that of block `rank` here.
void turn_to(unsigned rank);
/// f() for each block of the cluster.
template <class F>
void each_block(F f) {
  for (unsigned rank = 0; rank < running.cluster_size; ++rank) {
    turn_to(rank);
    f();
  }
}
/// Whether a thread of the running block has returned.
bool has_ended(unsigned thread);
/// As in "scheduler.cpp:12".
std::string text(CallSite at);
struct SharedObject {
  const void* key;
  void* memory;
  std::size_t bytes;
  bool in_use;            // by the current block
  std::uint32_t address;  // in shared memory, as a kernel sees it

  std::uintptr_t begin() const { return reinterpret_cast<std::uintptr_t>(memory); }
};
/// The object of the running block that the address lies in, or null.
const SharedObject* shared_object_at(std::uintptr_t address);
std::span<const SharedObject> shared_objects();

/// What the counters must be told of a launch. `self` is the thread that begins, ends or is the last to meet.
struct Watcher {
  void (*launch_begins)(const void* kernel, unsigned grid, unsigned threads);
  void (*thread_begins)();
  void (*threads_meet)(unsigned first, unsigned end);  // these all wait at one barrier or collective
  void (*thread_ends)();
  void (*launch_ends)(bool failed);
};
/// Null unless a program has the counters and they are on.
extern const Watcher* watcher;

// ---- meetings.cpp

struct Meeting final : Awaited {
  unsigned mask, arrived, left;
  const char* op;
  CallSite at;
  void* token;    // of a meeting that orders memory
  Meeting* next;  // in its warp's list of open meetings, or in the list of free ones
  Value values[32];

  std::string state() const override;
};
/// Called when a block begins, perhaps after one that was aborted.
void forget_meetings();
/// Called by turn_to, as are the others.
void exchange_meetings(unsigned rank);

// ---- clusters.cpp

extern unsigned cluster_arrivals;  // at the cluster's barrier, in its present phase
/// Called when a cluster begins.
void forget_cluster();
/// Ends the phase of the cluster's barrier if each thread has arrived or returned.
void end_cluster_phase();
/// Called when the running block ends. Returns an error, or an empty string.
std::string block_leaves_cluster();

// ---- wgmma.cpp

/// Called when a block begins.
void forget_wgmma();
void exchange_wgmma(unsigned rank);
/// Where the byte at a shared address is stored if the chunks of 16 bytes of such rows are permuted.
inline std::uint32_t swizzled(std::uint32_t address, unsigned row_bytes) {
  return address ^ (address >> 7 & (row_bytes / 16 - 1)) << 4;
}
/// The tensor cores see these bytes of shared memory as they are now.
void async_proxy_wrote(const void* memory, std::size_t bytes);

// ---- hopper_barriers.cpp

/// Called when a block begins.
void forget_hopper_barriers();
void exchange_hopper_barriers(unsigned rank);
/// Bulk copies can use the mbarriers that there are.
void show_mbarriers();
void mbarrier_check_copy(const char* op, const std::uint64_t* barrier, CallSite at);
/// A wait that completes is ordered after what the calling thread has done.
void mbarrier_begin_copy(const std::uint64_t* barrier);
/// Returns an error, or an empty string.
std::string mbarrier_complete_tx(const std::uint64_t* barrier, unsigned bytes);

// ---- bulk_copies.cpp

extern std::size_t bulk_copies_in_flight;
/// Called when a block begins.
void forget_bulk_copies();
void exchange_bulk_copies(unsigned rank);
/// Delivers one of those in flight, 0 being the oldest. Returns an error, or an empty string.
std::string deliver_bulk_copy(std::size_t which);
/// The error of a block that has ended with a copy in flight.
std::string bulk_copy_left();

}  // namespace simt::emu
