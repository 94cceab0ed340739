// What the memory accesses of a kernel cost: counted by the emulator, for kernels that are compiled for it.
#pragma once
#include <simt_emu/counters.h>

#include "device.h"

using simt::emu::KernelCounters;

/// Launches the kernel and counts.
template <class... Parameters, class... Arguments>
KernelCounters cost_of(
    void (*kernel)(Parameters...), int blocks, int threads, const Arguments&... arguments) {
  simt::emu::start_counting(simt::emu::Trace::first_warp);
  launch(kernel, blocks, threads, arguments...);
  return simt::emu::stop_counting().at(0);
}
