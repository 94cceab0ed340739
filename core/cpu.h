// The CPU's memory. core/cuda.h has the same for CUDA devices, core/parallel.h has the threads.
#pragma once
#include <cstddef>

#include <tenon/core/api.h>

namespace tenon::cpu {

/// Bytes of large blocks (above 1 MiB) that no tensor uses and this process keeps for reuse.
TENON_API std::size_t cached_bytes();
/// The limit of cached_bytes(): at first an eighth of the machine's memory, but at most 1 GiB. With 0 no
/// large block is kept.
TENON_API std::size_t cache_limit();
TENON_API void set_cache_limit(std::size_t bytes);
/// Returns the kept large blocks, and the small ones kept by the calling thread, to the system. This also
/// happens when memory runs out.
TENON_API void empty_cache();

}  // namespace tenon::cpu
