// Named barriers and mbarriers for the emulator, as kernels/cuda/hopper/barrier.cuh describes them. The state
// of an mbarrier is the emulator's; the object itself is accessed here, in code that the sanitizers see, so
// that a use of it without order is a race with its initialisation.
#pragma once
#include <cstdint>

namespace simt::emu {

enum class Named { sync, arrive };
/// A whole warp arrives together, after meet().
void named_barrier(Named kind, int id, int threads, CallSite at);

void mbarrier_init(const std::uint64_t* barrier, unsigned count, CallSite at);
void mbarrier_inval(const std::uint64_t* barrier, CallSite at);
void mbarrier_arrive(const std::uint64_t* barrier, const char* op, unsigned bytes, CallSite at);
void mbarrier_wait(const std::uint64_t* barrier, unsigned parity, CallSite at);

/// An atomic access of the object, which orders nothing.
inline void touch(std::uint64_t* barrier) { __atomic_fetch_add(barrier, 0, __ATOMIC_RELAXED); }

}  // namespace simt::emu

namespace simt {

inline void bar_sync(int id, int threads, SIMT_HERE) {
  emu::named_barrier(emu::Named::sync, id, threads, at);
}
inline void bar_arrive(int id, int threads, SIMT_HERE) {
  emu::named_barrier(emu::Named::arrive, id, threads, at);
}

inline void mbarrier_init(std::uint64_t* barrier, unsigned count, SIMT_HERE) {
  emu::mbarrier_init(barrier, count, at);
  *barrier = 0;
}
inline void mbarrier_inval(std::uint64_t* barrier, SIMT_HERE) {
  emu::mbarrier_inval(barrier, at);
  *barrier = ~std::uint64_t{0};
}
inline void mbarrier_arrive(std::uint64_t* barrier, SIMT_HERE) {
  emu::touch(barrier);
  emu::mbarrier_arrive(barrier, "mbarrier_arrive", 0, at);
}
inline void mbarrier_arrive_expect_tx(std::uint64_t* barrier, unsigned bytes, SIMT_HERE) {
  emu::touch(barrier);
  emu::mbarrier_arrive(barrier, "mbarrier_arrive_expect_tx", bytes, at);
}
inline void mbarrier_wait(std::uint64_t* barrier, unsigned parity, SIMT_HERE) {
  emu::touch(barrier);
  emu::mbarrier_wait(barrier, parity, at);
}

}  // namespace simt
