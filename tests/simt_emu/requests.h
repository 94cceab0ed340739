// What one memory instruction of a warp costs. Private to the counters and their test.
#pragma once
#include <span>

#include <simt_emu/counters.h>

namespace simt::emu {

/// The accesses are those of one warp by one instruction, in the order of the lanes.
GlobalAccesses global_request(std::span<const Access> accesses);
SharedAccesses shared_request(std::span<const Access> accesses);

}  // namespace simt::emu
