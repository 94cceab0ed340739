// What the CPU can do at best: multiply and add, and move memory. Measured, not looked up.
#pragma once
#include <cstdint>
#include <functional>

#include "case.h"

namespace bench {

/// Bytes of the level-2 and of the last-level cache, of one core and of all.
struct Caches {
  double l2, last;
};
Caches caches();

/// Does at least `flops` float32 operations as fused multiply-adds in registers, on tenon's threads.
/// `float64`: the same in double precision.
std::function<void(std::int64_t calls)> fma_roof(double flops, bool float64);
/// Reads and writes so many bytes, on tenon's threads; reads from `sets` places in turn and writes to one, as
/// a result's memory is used again, unless the traffic is in place.
std::function<void(std::int64_t calls)> stream_roof(const Traffic& traffic, std::size_t sets);

/// Rates of the machine at the start of a run, for the header of the report.
struct Roofs {
  double flops;                   // float32 operations per second
  double l2_bytes, memory_bytes;  // bytes per second, two thirds read and one third written
  /// Whether a call with so much to do is limited by arithmetic rather than by memory.
  bool computes(double flops, double bytes) const;
  Caches sizes;
};
Roofs measure_roofs();

}  // namespace bench
