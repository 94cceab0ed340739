// The CPU's memory. core/cuda.h has the same for CUDA devices, core/parallel.h has the threads.
#pragma once
#include <cstddef>

#include <tenon/core/api.h>

namespace tenon::cpu {

/// Bytes of blocks that no tensor uses and that are kept for reuse by all threads: those above 1 MiB, and
/// smaller ones, from 64 KiB on, beyond the few that each thread keeps for itself.
TENON_API std::size_t cached_bytes();
/// The limit of cached_bytes(): at first an eighth of the machine's memory, but at most 1 GiB. With 0 no
/// such block is kept.
TENON_API std::size_t cache_limit();
TENON_API void set_cache_limit(std::size_t bytes);
/// Returns these blocks, and those that the calling thread keeps for itself, to the system. This also
/// happens when memory runs out.
TENON_API void empty_cache();

}  // namespace tenon::cpu
