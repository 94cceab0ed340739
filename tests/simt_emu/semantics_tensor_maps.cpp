// Semantics of copies by tensor maps: what arrives where, and misuses that must be reported.
#include <cstdint>
#include <string>

#include <simt_emu/semantics.h>
#include <tenon/kernels/cuda/hopper/tensor_map.cuh>
#include <tenon/kernels/cuda/hopper/wgmma.cuh>

namespace {

using simt::launch;
using namespace tenon::kernels::cuda;
using Barrier = std::uint64_t;

/// Not 0, and different for the neighbours of an element.
int value(int row, int column) { return (row * 37 + column * 5) % 100 + 1; }

/// A matrix [rows, columns] of value() in global memory, whose rows are `stride` elements apart.
template <class T>
T* matrix(int rows, int columns, int stride) {
  T* const all = memory<T>(static_cast<std::size_t>(rows * stride));
  for (int row = 0; row < rows; ++row)
    for (int column = 0; column < columns; ++column)
      all[row * stride + column] = static_cast<T>(value(row, column));
  return all;
}

/// An mbarrier that bulk copies can use.
#define MBARRIER                                       \
  SIMT_SHARED(full, Barrier);                          \
  if (threadIdx.x == 0) simt::mbarrier_init(&full, 1); \
  simt::fence_proxy_async();                           \
  __syncthreads()

// ---- what arrives

/// Expects the tile [16, columns] at [y, x] of a matrix [21, 45].
template <class T, Swizzle swizzle, int columns>
void tile_at(const __grid_constant__ CUtensorMap map, int x, int y) {
  struct alignas(1024) Tile {
    T data[16 * columns];
  };
  SIMT_SHARED(tile, Tile);
  MBARRIER;
  if (threadIdx.x == 0) {
    simt::mbarrier_arrive_expect_tx(&full, sizeof tile.data);
    simt::bulk_tensor_copy(tile.data, map, x, y, &full);
  }
  simt::mbarrier_wait(&full, 0);
  for (int i = static_cast<int>(threadIdx.x); i < 16 * columns; i += static_cast<int>(blockDim.x)) {
    const int row = y + i / columns, column = x + i % columns;
    const bool inside = row >= 0 && row < 21 && column >= 0 && column < 45;
    const auto offset = static_cast<unsigned>(i * static_cast<int>(sizeof(T)));
    EXPECT(
        tile.data[swizzled(swizzle, offset) / sizeof(T)] == static_cast<T>(inside ? value(row, column) : 0));
  }
}
template <class T, Swizzle swizzle, int columns>
void tiles() {
  constexpr int stride = 48;
  const CUtensorMap map = tensor_map_2d(matrix<T>(21, 45, stride), 21, 45, stride, 16, columns, swizzle);
  unsigned seed = 0;
  for (const int y : {0, 3, -5, 12, 30})
    for (const int x : {0, 7, -9, 40, -100}) {
      simt::emu::schedule_seed = seed++ % 3;
      launch(nullptr, tile_at<T, swizzle, columns>, 1, 64, map, x, y);
    }
}

template <int Rows>
struct alignas(1024) Operand {
  std::uint16_t data[Rows * 64];
};
std::uint16_t bfloat16(int small) {
  return static_cast<std::uint16_t>(__builtin_bit_cast(std::uint32_t, static_cast<float>(small)) >> 16);
}
/// D[64, 128] = A[50, 104] B[104, 100] for A and B of value(), both K-major; what they lack is 0.
void product(const __grid_constant__ CUtensorMap a_map, const __grid_constant__ CUtensorMap b_map) {
  SIMT_SHARED(a, Operand<64>);
  SIMT_SHARED(b, Operand<128>);
  MBARRIER;
  float d[64] = {};
  for (int k = 0; k < 128; k += 64) {
    if (threadIdx.x == 0) {
      simt::mbarrier_arrive_expect_tx(&full, sizeof a + sizeof b);
      simt::bulk_tensor_copy(&a, a_map, k, 0, &full);
      simt::bulk_tensor_copy(&b, b_map, k, 0, &full);
    }
    simt::mbarrier_wait(&full, static_cast<unsigned>(k / 64));
    simt::wgmma_fence(d);
    for (unsigned step = 0; step < 4; ++step)
      simt::wgmma<128>(d, matrix_descriptor(simt::shared_address(&a) + 32 * step, 0, 1024, Swizzle::bytes128),
          matrix_descriptor(simt::shared_address(&b) + 32 * step, 0, 1024, Swizzle::bytes128));
    simt::wgmma_commit();
    simt::wgmma_wait<0>(d);
    __syncthreads();  // the tiles may be overwritten
  }
  for (int i = 0; i < 64; ++i) {
    const Place place = accumulator_place(static_cast<int>(threadIdx.x), i);
    int sum = 0;
    if (place.row < 50 && place.column < 100)
      for (int k = 0; k < 104; ++k) sum += value(place.row, k) * value(place.column, k);
    EXPECT(d[i] == static_cast<float>(sum));
  }
}
CUtensorMap bfloat16_map(int rows, int tile_rows) {
  auto* const all = memory<std::uint16_t>(static_cast<std::size_t>(rows * 104));
  for (int i = 0; i < rows * 104; ++i) all[i] = bfloat16(value(i / 104, i % 104));
  return tensor_map_2d(all, rows, 104, 104, tile_rows, 64, Swizzle::bytes128);
}

// ---- misuses

/// A map of tiles [8, 8] of a matrix [32, 32].
CUtensorMap small_map() { return tensor_map_2d(matrix<int>(32, 32, 32), 32, 32, 32, 8, 8, Swizzle::none); }
/// Runs with each of eight schedules, with the small map.
template <auto kernel>
void run() {
  const CUtensorMap map = small_map();
  for (unsigned seed = 0; seed < 8; ++seed) {
    simt::emu::schedule_seed = seed;
    launch(nullptr, static_cast<void (*)(CUtensorMap)>(kernel), 1, 64, map);
  }
}
struct alignas(128) SmallTile {
  int data[64];
};

/// What cuTensorMapEncodeTiled is asked for; each case changes one part.
struct Asked {
  cuuint32_t rank = 2;
  std::size_t bytes_past = 0;
  cuuint64_t sizes[2] = {32, 32}, stride = 128;
  cuuint32_t tile[2] = {32, 8}, steps[2] = {1, 1};
  CUtensorMapSwizzle swizzle = CU_TENSOR_MAP_SWIZZLE_128B;
};
bool accepts(const Asked& asked) {
  static char* const data = memory<char>(4096);
  CUtensorMap map;
  return cuTensorMapEncodeTiled(&map, CU_TENSOR_MAP_DATA_TYPE_UINT32, asked.rank, data + asked.bytes_past,
             asked.sizes, &asked.stride, asked.tile, asked.steps, CU_TENSOR_MAP_INTERLEAVE_NONE,
             asked.swizzle, CU_TENSOR_MAP_L2_PROMOTION_NONE,
             CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE) == CUDA_SUCCESS;
}
/// Whether make() throws an error with this text in it.
template <class F>
bool refuses(const char* text, F&& make) {
  try {
    make();
  } catch (const tenon::Error& error) { return std::string(error.what()).find(text) != std::string::npos; }
  return false;
}

constexpr Case cases[] = {
    {"tensor_tiles", "fine",
        [] {
          tiles<std::uint8_t, Swizzle::none, 16>();
          tiles<std::uint16_t, Swizzle::bytes32, 16>();
          tiles<float, Swizzle::bytes64, 16>();
          tiles<float, Swizzle::none, 40>();
          tiles<double, Swizzle::bytes128, 16>();
          tiles<std::uint16_t, Swizzle::bytes128, 64>();
        }},
    {"tensor_copies_for_wgmma", "fine",
        [] {
          const CUtensorMap a = bfloat16_map(50, 64), b = bfloat16_map(100, 128);
          for (unsigned seed = 0; seed < 3; ++seed) {
            simt::emu::schedule_seed = seed;
            launch(nullptr, product, 1, 128, a, b);
          }
        }},
    {"tensor_copy_swizzles_by_address", "fine",
        [] {
          const CUtensorMap map =
              tensor_map_2d(matrix<int>(32, 32, 32), 32, 32, 32, 8, 32, Swizzle::bytes128);
          launch(
              nullptr,
              +[](const __grid_constant__ CUtensorMap of) {
                struct alignas(1024) Tiles {
                  int unused[32], data[8][32];
                };
                SIMT_SHARED(tiles, Tiles);
                MBARRIER;
                if (threadIdx.x == 0) {
                  simt::mbarrier_arrive_expect_tx(&full, 1024);
                  simt::bulk_tensor_copy(tiles.data, of, 0, 0, &full);
                }
                simt::mbarrier_wait(&full, 0);
                for (unsigned row = 0; row < 8; ++row) {
                  const unsigned chunk = threadIdx.x / 4 ^ (row + 1) % 8;
                  EXPECT(tiles.data[row][chunk * 4 + threadIdx.x % 4] ==
                         value(static_cast<int>(row), static_cast<int>(threadIdx.x)));
                }
              },
              1, 32, map);
        }},
    {"tensor_copy_is_nan_before_the_wait", "fine", run<[](CUtensorMap map) {
       SIMT_SHARED(tile, SmallTile);
       MBARRIER;
       if (threadIdx.x != 0) return;
       simt::mbarrier_arrive_expect_tx(&full, 256);
       simt::bulk_tensor_copy(&tile, map, 28, 0, &full);
       for (const int i : tile.data) EXPECT(i == -1);
       simt::mbarrier_wait(&full, 0);
       for (int i = 0; i < 64; ++i) EXPECT(tile.data[i] == (i % 8 < 4 ? value(i / 8, 28 + i % 8) : 0));
     }>},
    {"tensor_copy_reader_does_not_wait", "race", run<[](CUtensorMap map) {
       SIMT_SHARED(tile, SmallTile);
       MBARRIER;
       if (threadIdx.x == 0) {
         simt::mbarrier_arrive_expect_tx(&full, 256);
         simt::bulk_tensor_copy(&tile, map, 0, 0, &full);
       }
       if (threadIdx.x < 32) simt::mbarrier_wait(&full, 0);
       EXPECT(tile.data[threadIdx.x] <= 100);
     }>},
    {"tensor_copy_of_a_matrix_that_is_written", "race",
        [] {
          int* const all = matrix<int>(32, 32, 32);
          launch(
              nullptr,
              +[](CUtensorMap map, int* written) {
                SIMT_SHARED(tile, SmallTile);
                MBARRIER;
                if (threadIdx.x == 32) written[33] = 1;
                if (threadIdx.x == 0) {
                  simt::mbarrier_arrive_expect_tx(&full, 256);
                  simt::bulk_tensor_copy(&tile, map, 0, 0, &full);
                  simt::mbarrier_wait(&full, 0);
                }
              },
              1, 64, tensor_map_2d(all, 32, 32, 32, 8, 8, Swizzle::none), all);
        }},
    {"tensor_copy_expects_the_bytes_inside_only",
        "error: (phase 0, 0 of 1 arrivals pending, -128 bytes outstanding)", run<[](CUtensorMap map) {
          SIMT_SHARED(tile, SmallTile);
          MBARRIER;
          if (threadIdx.x != 0) return;
          simt::mbarrier_arrive_expect_tx(&full, 128);
          simt::bulk_tensor_copy(&tile, map, -4, 0, &full);
          simt::mbarrier_wait(&full, 0);
        }>},
    {"tensor_copy_to_a_misaligned_place",
        "error: bulk_tensor_copy: the destination is not aligned to 128 bytes", run<[](CUtensorMap map) {
          SIMT_SHARED(tile, int[128]);  // aligned to 16
          MBARRIER;
          simt::bulk_tensor_copy(tile, map, 0, 0, &full);
        }>},
    {"tensor_copy_beyond_the_tile",
        "error: bulk_tensor_copy: the destination of 256 bytes is not within one object",
        run<[](CUtensorMap map) {
          struct alignas(128) Half {
            int data[32];
          };
          SIMT_SHARED(tile, Half);
          MBARRIER;
          simt::bulk_tensor_copy(&tile, map, 0, 0, &full);
        }>},
    {"tensor_copy_by_no_map", "error: bulk_tensor_copy: these 128 bytes are not a tensor map",
        run<[](CUtensorMap map) {
          SIMT_SHARED(tile, SmallTile);
          MBARRIER;
          map = {};
          simt::bulk_tensor_copy(&tile, map, 0, 0, &full);
        }>},
    {"tensor_copy_of_a_matrix_beyond_its_allocation",
        "error: bulk_tensor_copy: the source of 4224 bytes is not within one allocation",
        [] {
          launch(
              nullptr,
              +[](CUtensorMap map) {
                SIMT_SHARED(tile, SmallTile);
                MBARRIER;
                simt::bulk_tensor_copy(&tile, map, 0, 0, &full);
              },
              1, 64, tensor_map_2d(matrix<int>(32, 32, 32), 33, 32, 32, 8, 8, Swizzle::none));
        }},
    {"tensor_copy_with_rows_narrower_than_the_swizzle", "error: rows of 64 bytes, swizzled for 128",
        [] {
          CUtensorMap map;
          const cuuint64_t sizes[] = {32, 32}, stride = 128;
          const cuuint32_t box[] = {16, 8}, steps[] = {1, 1};
          EXPECT(cuTensorMapEncodeTiled(&map, CU_TENSOR_MAP_DATA_TYPE_UINT32, 2, matrix<int>(32, 32, 32),
                     sizes, &stride, box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                     CU_TENSOR_MAP_L2_PROMOTION_NONE, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE) == CUDA_SUCCESS);
          launch(
              nullptr,
              +[](CUtensorMap of) {
                SIMT_SHARED(tiles, SmallTile[4]);
                MBARRIER;
                simt::bulk_tensor_copy(tiles, of, 0, 0, &full);
              },
              1, 64, map);
        }},
    {"tensor_map_of_host_memory", "plain: argument 1 of the kernel points to memory of the host",
        [] {
          alignas(16) static int numbers[64];
          launch(
              nullptr, +[](CUtensorMap) {}, 1, 32, tensor_map_2d(numbers, 8, 8, 8, 8, 8, Swizzle::none));
        }},
    {"tensor_map_encoder_refuses", "fine",
        [] {
          EXPECT(accepts({}));
          EXPECT(!accepts({.rank = 3}));
          EXPECT(!accepts({.bytes_past = 8}));
          EXPECT(!accepts({.sizes = {0, 32}}));
          EXPECT(!accepts({.sizes = {32, (1ull << 32) + 1}}));
          EXPECT(!accepts({.stride = 120}));
          EXPECT(!accepts({.stride = 1ull << 40}));
          EXPECT(!accepts({.tile = {32, 257}}));
          EXPECT(!accepts({.tile = {32, 0}}));
          EXPECT(!accepts({.tile = {3, 8}}));
          EXPECT(!accepts({.tile = {36, 8}}));
          EXPECT(accepts({.tile = {36, 8}, .swizzle = CU_TENSOR_MAP_SWIZZLE_NONE}));
          EXPECT(!accepts({.swizzle = CU_TENSOR_MAP_SWIZZLE_64B}));
          EXPECT(!accepts({.steps = {1, 2}}));
        }},
    {"tensor_map_2d_refuses", "fine",
        [] {
          const float* const all = matrix<float>(32, 32, 32);
          EXPECT(refuses(
              "tensor_map_2d: rows of 64 bytes in a tile that is swizzled for 128; change tile_columns",
              [=] { tensor_map_2d(all, 32, 32, 32, 8, 16, Swizzle::bytes128); }));
          EXPECT(
              refuses("tiles [8, 8] of a matrix [31, 32] of 4-byte elements, 4 past a multiple of 16 bytes, "
                      "with rows 128 bytes apart (CUresult 1); use tiles of at most [256, 256]",
                  [=] { tensor_map_2d(all + 1, 31, 32, 32, 8, 8, Swizzle::none); }));
          simt::emu::fail_next("cudaGetDriverEntryPointByVersion", cudaErrorInsufficientDriver);
          EXPECT(refuses("no cuTensorMapEncodeTiled in the driver: CUDA driver version is insufficient",
              [=] { tensor_map_2d(all, 32, 32, 32, 8, 8, Swizzle::none); }));
          EXPECT(cudaGetLastError() == cudaSuccess);
        }},
};

}  // namespace

std::span<const Case> tensor_map_cases() { return cases; }
