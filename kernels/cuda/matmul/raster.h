// The order in which blocks compute the tiles of a product.
#pragma once
#include <tenon/kernels/arith/host_device.h>

namespace tenon::kernels::cuda {

struct TileIndex {
  unsigned row, column;
};

/// Tile `number` of down x across tiles. Blocks that run together have tiles in a few rows, so that they
/// share what they read.
TENON_HOST_DEVICE TileIndex tile_in_raster(unsigned number, unsigned down, unsigned across) {
  constexpr unsigned band = 8;
  const unsigned first = number / (band * across) * band, inside = number % (band * across),
                 height = down - first < band ? down - first : band;
  return {first + inside % height, inside / height};
}

}  // namespace tenon::kernels::cuda
