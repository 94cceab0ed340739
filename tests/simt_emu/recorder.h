// Records what the threads of a block execute, until their warp can be put together. Private to the counters.
#pragma once
#include <cstddef>
#include <cstdint>

namespace simt::emu {

enum class Event : std::uint8_t { block, load, store, atomic };

/// Called by instrumented code (hooks.cpp), outside kernels too. `code` is the address of the instruction,
/// `stack` that of the caller's frame.
void record(
    Event event, const void* code, const void* stack, const volatile void* address, std::size_t bytes);
/// A function of the kernel begins or ends.
void enter_function(const void* stack);
void leave_function(const void* stack);

}  // namespace simt::emu
