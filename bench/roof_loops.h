// The loops of roofs.cpp, compiled once per instruction set.
#pragma once
#include <stdint.h>

namespace bench {

using Bits [[gnu::vector_size(64)]] = uint64_t;  // a cache line

struct RoofLoops {
  /// `steps` times 24 fused multiply-adds of 32 bytes, in registers. The result only keeps them alive.
  float (*multiply_add)(int64_t steps, float start);
  double (*multiply_add_float64)(int64_t steps, double start);
  /// Reads `in` lines and meanwhile writes `out` lines, in turns of about `turn` lines.
  using Stream = uint64_t (*)(
      const Bits* from, int64_t in, Bits* to, int64_t out, int64_t turn, uint64_t value);
  Stream stream;
  Stream stream_through;  // writes past the caches; otherwise a line is read before it is written
  void (*update)(Bits* place, int64_t lines, uint64_t value);  // reads and writes each line
};
extern const RoofLoops baseline_loops, avx2_loops, avx512_loops;

}  // namespace bench
