// Performance counters of emulated kernels: what a GPU's memory system and branches would be asked to do,
// without the time that it takes. They see kernels compiled with counting (tenon_emu_counted in
// tests/simt_emu/CMakeLists.txt). README.md says what is counted, and what cannot be.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace simt::emu {

/// Loads or stores of global memory: blocks from cudaMalloc or cudaMallocHost.
struct GlobalAccesses {
  std::uint64_t requests = 0;  // instructions executed by a warp
  std::uint64_t bytes = 0;     // that its lanes asked for, each counted separately
  std::uint64_t sectors = 0;   // of 32 bytes, that a request touched

  GlobalAccesses& operator+=(const GlobalAccesses& other);
  /// Bytes asked for, per byte moved. 1 is ideal; where lanes share addresses, more is possible.
  double coalescing() const;
};

/// Loads or stores of shared memory.
struct SharedAccesses {
  std::uint64_t requests = 0;    // instructions executed by a warp
  std::uint64_t wavefronts = 0;  // passes over the 32 banks that they took
  std::uint64_t least = 0;       // passes if no two words had been in the same bank

  SharedAccesses& operator+=(const SharedAccesses& other);
  std::uint64_t conflicts() const { return wavefronts - least; }
};

/// The access of one lane, of 1, 2, 4, 8 or 16 bytes.
struct Access {
  unsigned lane;
  unsigned bytes;
  std::uintptr_t address;
};

/// A load or store of global or shared memory by a warp, for those who want to see it.
struct Request {
  bool shared, store;
  std::uintptr_t object;      // the address where the allocation, or the shared object, begins
  std::vector<Access> lanes;  // those that take part
};

/// The counters of one launch.
struct KernelCounters {
  std::string kernel;  // its name with template arguments, without namespaces
  unsigned grid = 0, threads = 0;

  GlobalAccesses loads, stores;
  SharedAccesses shared_loads, shared_stores;
  std::uint64_t atomics = 0;  // operations of single lanes, on global and shared memory

  /// Basic blocks executed by warps, and the lanes that took part in each, summed.
  std::uint64_t blocks = 0, block_lanes = 0;

  /// In order, the requests of the first warp of block 0, if counting began with Trace::first_warp.
  std::vector<Request> requests;

  GlobalAccesses global() const;
  SharedAccesses shared() const;
  /// The mean number of lanes that execute a basic block together, divided by 32: 1 without divergence.
  double active_lanes() const;
};

enum class Trace { none, first_warp };
/// Counts the launches from now on; forgets those counted before.
void start_counting(Trace trace = Trace::none);
/// Stops, and returns the counters of each launch that succeeded, in order.
std::vector<KernelCounters> stop_counting();

}  // namespace simt::emu
