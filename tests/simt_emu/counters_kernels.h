// Kernels whose counters are known. Compiled with instrumentation, unlike their test (counters_test.cpp).
#pragma once
#include <simt_emu/counters.h>

namespace counted {

using simt::emu::KernelCounters;

/// `threads` threads in blocks of 64 copy elements of `bytes` bytes, in[first + i * stride], to out[i].
KernelCounters copy(unsigned bytes, unsigned threads, unsigned stride = 1, unsigned first = 0);
/// A warp writes elements of `bytes` bytes to shared memory, `stride` elements apart, and reads them again.
KernelCounters exchange(unsigned bytes, unsigned stride);
/// The first `threads` of 32 lanes store `times` numbers each.
KernelCounters store_in_some_lanes(unsigned threads, unsigned times);
/// In each of `times` iterations even and odd lanes store in different branches, and change places.
KernelCounters alternate(unsigned times);
/// `times` times, lane i stores i numbers; then all lanes store one.
KernelCounters loops_of_different_lengths(unsigned times);
/// The upper half of the lanes calls a function, which loads; then all lanes store its result.
KernelCounters call_in_half_of_the_lanes();
/// Lanes that a loop has put in disorder meet in a shuffle, and store.
KernelCounters meet_in_shuffles(unsigned times);
/// In each of `times` iterations half of the lanes go to code far below and come back; all meet, and store.
enum class Meet { barrier, shuffle };
KernelCounters meet_after_a_detour(Meet where, unsigned times);
/// A warp votes `times` times.
KernelCounters vote(unsigned times);
/// `threads` threads in blocks of 64 add 1 to a sum in shared memory, and one per block that to a global one.
KernelCounters add_atomically(unsigned threads);
/// Uses an array of its own, an argument that is a structure, and constants; stores one number per thread.
KernelCounters use_local_memory();
/// Half of the lanes load from global memory, half from shared memory, by one instruction.
KernelCounters load_from_both();
/// Fails in its second block.
void fail();

}  // namespace counted
