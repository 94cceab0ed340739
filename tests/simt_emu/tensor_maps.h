// Copies by tensor maps for the emulator, as kernels/cuda/hopper/tensor_map.cuh describes them: bulk copies
// of the tile that the map and the coordinates name.
#pragma once
#include <cstdint>

struct CUtensorMap;  // cuda.h

namespace simt::emu {

/// The tile at [y, x] of the map's matrix; fails if these bytes are no map.
Tile tile_of(const CUtensorMap& map, int x, int y, CallSite at);

}  // namespace simt::emu

namespace simt {

inline void bulk_tensor_copy(
    void* to, const CUtensorMap& map, int x, int y, std::uint64_t* barrier, SIMT_HERE) {
  const emu::Tile tile = emu::tile_of(map, x, y, at);
  emu::start_copy({"bulk_tensor_copy", to, tile, barrier, emu::self->thread.x, at}, 128);
}

}  // namespace simt
