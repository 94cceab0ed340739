// Copies of tiles by a tensor map (PTX cp.async.bulk.tensor): the map describes a matrix in global memory and
// the size of a tile, and the copy engine finds the tile at [y, x] by itself, swizzled if the map says so.
// The host makes the map, and the kernel has it as a parameter, where the engine reads it:
//
//   const CUtensorMap map = tensor_map_2d(matrix, rows, columns, row_stride, 64, 64, Swizzle::bytes128);
//   __global__ void kernel(const __grid_constant__ CUtensorMap map);
//
// The tile is a bulk copy like any other (copy.cuh):
//
//   simt::mbarrier_arrive_expect_tx(&full, bytes);        one thread; the bytes of the whole tile
//   simt::bulk_tensor_copy(tile, map, x, y, &full);       the same
//   simt::mbarrier_wait(&full, parity);                   each thread that reads the tile
//
// Elements outside the matrix arrive as zeros and count as bytes, so tiles at the edge are no special case.
// A tile with rows of 128 bytes and Swizzle::bytes128 is a K-major operand of wgmma.
//
// The emulator has the same functions (tests/simt_emu/tensor_maps.h).
#pragma once
#include <cstdint>

#include <cuda.h>
#include <cuda_runtime_api.h>
#include <tenon/core/check.h>
#include <tenon/kernels/cuda/hopper/copy.cuh>
#include <tenon/kernels/cuda/hopper/shared.cuh>

namespace tenon::kernels::cuda {

/// The map for tiles [tile_rows, tile_columns] of a matrix [rows, columns] in global memory, whose rows are
/// `row_stride` elements apart. A swizzled tile has rows of row_bytes(swizzle) bytes.
template <class T>
CUtensorMap tensor_map_2d(const T* matrix, std::int64_t rows, std::int64_t columns, std::int64_t row_stride,
    int tile_rows, int tile_columns, Swizzle swizzle) {
  const std::int64_t tile_row_bytes = std::int64_t{tile_columns} * sizeof(T);
  check(swizzle == Swizzle::none || tile_row_bytes == row_bytes(swizzle),
      "tensor_map_2d: rows of {} bytes in a tile that is swizzled for {}; change tile_columns or the swizzle",
      tile_row_bytes, row_bytes(swizzle));
  // libcuda is not linked: a program must start without a driver.
  void* found = nullptr;
  const cudaError_t error =
      cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &found, 12000, cudaEnableDefault);
  if (error != cudaSuccess) cudaGetLastError();  // clears it
  check(found,
      "tensor_map_2d: no cuTensorMapEncodeTiled in the driver: {}; install a driver of CUDA 12 or later",
      cudaGetErrorString(error));

  static_assert(sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8);
  constexpr auto type = sizeof(T) == 1   ? CU_TENSOR_MAP_DATA_TYPE_UINT8
                        : sizeof(T) == 2 ? CU_TENSOR_MAP_DATA_TYPE_UINT16
                        : sizeof(T) == 4 ? CU_TENSOR_MAP_DATA_TYPE_UINT32
                                         : CU_TENSOR_MAP_DATA_TYPE_UINT64;
  constexpr CUtensorMapSwizzle modes[] = {CU_TENSOR_MAP_SWIZZLE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
      CU_TENSOR_MAP_SWIZZLE_64B, CU_TENSOR_MAP_SWIZZLE_32B};
  // The driver's order is x, y.
  const cuuint64_t sizes[] = {static_cast<cuuint64_t>(columns), static_cast<cuuint64_t>(rows)};
  const cuuint64_t strides[] = {static_cast<cuuint64_t>(row_stride) * sizeof(T)};
  const cuuint32_t tile[] = {static_cast<cuuint32_t>(tile_columns), static_cast<cuuint32_t>(tile_rows)};
  const cuuint32_t steps[] = {1, 1};
  CUtensorMap map;
  const CUresult result =
      reinterpret_cast<decltype(&cuTensorMapEncodeTiled)>(found)(&map, type, 2, const_cast<T*>(matrix), sizes,
          strides, tile, steps, CU_TENSOR_MAP_INTERLEAVE_NONE, modes[static_cast<unsigned>(swizzle)],
          CU_TENSOR_MAP_L2_PROMOTION_NONE, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  check(result == CUDA_SUCCESS,
      "tensor_map_2d: the driver refuses tiles [{}, {}] of a matrix [{}, {}] of {}-byte elements, {} past a "
      "multiple of 16 bytes, with rows {} bytes apart (CUresult {}); use tiles of at most [256, 256], and "
      "start every row of tile and matrix at a multiple of 16 bytes",
      tile_rows, tile_columns, rows, columns, sizeof(T), reinterpret_cast<std::uintptr_t>(matrix) % 16,
      static_cast<std::int64_t>(strides[0]), static_cast<int>(result));
  return map;
}

}  // namespace tenon::kernels::cuda

#if defined(__CUDACC__)
namespace simt {

/// Copies the tile whose first element is [y, x] of the matrix, which may be negative. `to` is a multiple of
/// 128; the swizzle goes by address, so a swizzled tile is at a multiple of 8 row_bytes(swizzle).
__device__ inline void bulk_tensor_copy(
    void* to, const CUtensorMap& map, int x, int y, std::uint64_t* barrier) {
  SIMT_SM90(
      "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%2, "
      "%3}], "
      "[%4];" ::"r"(shared_address(to)),
      "l"(&map), "r"(x), "r"(y), "r"(shared_address(barrier))
      : "memory");
}

}  // namespace simt
#endif
