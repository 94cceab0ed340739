// Tensor maps: what cuTensorMapEncodeTiled accepts, and a private format for it.
#include <cstring>

#include <cuda.h>
#include <simt_emu/emulator.h>
#include <simt_emu/fibers.h>

namespace simt::emu {

namespace {

/// What a map holds here; the driver's own format is not documented.
struct Encoded {
  std::uint64_t mark;
  Tile first;  // at [0, 0]
  std::int64_t element_bytes;
};
constexpr std::uint64_t mark = 0x8f1d5a3c70b2e946;  // other bytes do not begin with it by chance
static_assert(sizeof(Encoded) <= sizeof(CUtensorMap));

/// 0 for types that are not emulated.
std::int64_t bytes_of(CUtensorMapDataType type) {
  switch (type) {
    case CU_TENSOR_MAP_DATA_TYPE_UINT8: return 1;
    case CU_TENSOR_MAP_DATA_TYPE_UINT16: return 2;
    case CU_TENSOR_MAP_DATA_TYPE_UINT32:
    case CU_TENSOR_MAP_DATA_TYPE_INT32: return 4;
    case CU_TENSOR_MAP_DATA_TYPE_UINT64: return 8;
  }
  return 0;
}

}  // namespace

Tile tile_of(const CUtensorMap& map, int x, int y, CallSite at) {
  const Unseen unseen;
  Encoded encoded;
  std::memcpy(&encoded, &map, sizeof encoded);
  if (encoded.mark != mark)
    fail("bulk_tensor_copy: these 128 bytes are not a tensor map; make it with cuTensorMapEncodeTiled", at);
  encoded.first.y = y;
  encoded.first.x = x * encoded.element_bytes;
  return encoded.first;
}

}  // namespace simt::emu

using namespace simt::emu;

CUresult cuTensorMapEncodeTiled(CUtensorMap* map, CUtensorMapDataType type, cuuint32_t rank, void* matrix,
    const cuuint64_t* sizes, const cuuint64_t* strides, const cuuint32_t* tile, const cuuint32_t* steps,
    CUtensorMapInterleave, CUtensorMapSwizzle swizzle, CUtensorMapL2promotion, CUtensorMapFloatOOBfill) {
  const std::int64_t element_bytes = bytes_of(type);
  if (!map || rank != 2 || element_bytes == 0) return CUDA_ERROR_INVALID_VALUE;
  for (int i = 0; i < 2; ++i) {
    const bool right = sizes[i] >= 1 && sizes[i] <= std::uint64_t{1} << 32 && tile[i] >= 1 &&
                       tile[i] <= 256 && steps[i] == 1;
    if (!right) return CUDA_ERROR_INVALID_VALUE;
  }
  const std::int64_t tile_row_bytes = tile[0] * element_bytes;
  const unsigned span = 16u << swizzle;
  const bool right = reinterpret_cast<std::uintptr_t>(map) % 64 == 0 &&
                     reinterpret_cast<std::uintptr_t>(matrix) % 16 == 0 && strides[0] % 16 == 0 &&
                     strides[0] < std::uint64_t{1} << 40 && tile_row_bytes % 16 == 0 &&
                     (swizzle == CU_TENSOR_MAP_SWIZZLE_NONE || tile_row_bytes <= span);
  if (!right) return CUDA_ERROR_INVALID_VALUE;
  const Tile first{static_cast<const unsigned char*>(matrix), static_cast<std::int64_t>(sizes[1]),
      static_cast<std::int64_t>(sizes[0]) * element_bytes, static_cast<std::int64_t>(strides[0]), 0, 0,
      tile[1], static_cast<unsigned>(tile_row_bytes), span};
  const Encoded encoded{mark, first, element_bytes};
  *map = {};
  std::memcpy(map, &encoded, sizeof encoded);
  return CUDA_SUCCESS;
}
