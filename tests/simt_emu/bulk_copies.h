// Bulk copies for the emulator, as kernels/cuda/hopper/copy.cuh describes them. The destination is NaN until
// the scheduler delivers the copy. To the sanitizers, the thread that asks for the copy reads and writes
// here.
#pragma once
#include <cstdint>

namespace simt::emu {

struct BulkCopy {
  void* to;
  const void* from;
  unsigned bytes;
  std::uint64_t* barrier;
  unsigned thread;
  CallSite at;
};
void check_bulk_copy(const BulkCopy& copy);
void begin_bulk_copy(const BulkCopy& copy);

}  // namespace simt::emu

namespace simt {

inline void bulk_copy(void* to, const void* from, unsigned bytes, std::uint64_t* barrier, SIMT_HERE) {
  const emu::BulkCopy copy{to, from, bytes, barrier, emu::self->thread.x, at};
  emu::touch(barrier);
  emu::check_bulk_copy(copy);
  for (unsigned i = 0; i < bytes / 8; ++i) {
    asm volatile("" ::"r"(static_cast<const std::uint64_t*>(from)[i]));
    static_cast<std::uint64_t*>(to)[i] = ~std::uint64_t{0};
  }
  emu::begin_bulk_copy(copy);
}

}  // namespace simt
