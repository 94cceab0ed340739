// Three ways to multiply two matrices [64, 64], and what they read from memory; then a matrix transposed
// through a tile, and the banks of shared memory: lesson_11 [PICTURE]
#include <cstdio>

#include "../cost.h"
#include "matrices.h"
#include "picture.h"

constexpr int n = 64;

// An element of c per thread. The threads of a warp are neighbours in a column.
__global__ void down_columns(const float* a, const float* b, float* c) {
  const int element = blockIdx.x * blockDim.x + threadIdx.x, row = element % n, column = element / n;
  float sum = 0;
  for (int k = 0; k < n; ++k) sum += a[row * n + k] * b[k * n + column];
  c[row * n + column] = sum;
}

// The same, but neighbours in a row.
__global__ void along_rows(const float* a, const float* b, float* c) {
  const int element = blockIdx.x * blockDim.x + threadIdx.x, row = element / n, column = element % n;
  float sum = 0;
  for (int k = 0; k < n; ++k) sum += a[row * n + k] * b[k * n + column];
  c[row * n + column] = sum;
}

// A block of 256 threads computes a tile of 16 x 16. In each step it copies a tile of a and one of b to
// shared memory, from where every element is read 16 times.
constexpr int size = 16;
__global__ void tiles(const float* a, const float* b, float* c) {
  SIMT_SHARED(tile_a, float[size][size]);
  SIMT_SHARED(tile_b, float[size][size]);
  const int i = threadIdx.x / size, j = threadIdx.x % size;
  const int row = blockIdx.x / (n / size) * size + i, column = blockIdx.x % (n / size) * size + j;
  float sum = 0;
  for (int step = 0; step < n; step += size) {
    tile_a[i][j] = a[row * n + step + j];
    tile_b[i][j] = b[(step + i) * n + column];
    __syncthreads();
    for (int k = 0; k < size; ++k) sum += tile_a[i][k] * tile_b[k][j];
    __syncthreads();
  }
  c[row * n + column] = sum;
}

// Wrong: no barrier between the writes to the tiles and the reads.
__global__ void tiles_without_barrier(const float* a, const float* b, float* c) {
  SIMT_SHARED(tile_a, float[size][size]);
  SIMT_SHARED(tile_b, float[size][size]);
  const int i = threadIdx.x / size, j = threadIdx.x % size;
  const int row = blockIdx.x / (n / size) * size + i, column = blockIdx.x % (n / size) * size + j;
  float sum = 0;
  for (int step = 0; step < n; step += size) {
    tile_a[i][j] = a[row * n + step + j];
    tile_b[i][j] = b[(step + i) * n + column];
    for (int k = 0; k < size; ++k) sum += tile_a[i][k] * tile_b[k][j];
    __syncthreads();
  }
  c[row * n + column] = sum;
}

// y [32, 32] is x transposed. Each warp reads a row of x and writes a column of the tile; then it reads a row
// of the tile and writes a row of y.
template <int width>
__global__ void transpose(const float* x, float* y) {
  SIMT_SHARED(tile, float[32][width]);
  const int i = threadIdx.x / 32, j = threadIdx.x % 32;
  tile[j][i] = x[i * 32 + j];
  __syncthreads();
  y[i * 32 + j] = tile[i][j];
}

namespace {

KernelCounters run(const char* name, void (*kernel)(const float*, const float*, float*)) {
  const DeviceArray a(matrix(n, 3)), b(matrix(n, 5)), c(n * n);
  const KernelCounters cost = cost_of(kernel, 16, 256, a, b, c);
  std::printf("%-22s right: %-3s  %6d sectors\n", name,
      c.numbers() == product(a.numbers(), b.numbers(), n) ? "yes" : "no",
      static_cast<int>(cost.global().sectors));
  return cost;
}

KernelCounters run(const char* name, void (*kernel)(const float*, float*)) {
  const DeviceArray x(matrix(32, 3)), y(32 * 32);
  const KernelCounters cost = cost_of(kernel, 1, 1024, x, y);
  const std::vector<float> before = x.numbers(), after = y.numbers();
  bool right = true;
  for (int i = 0; i < 32; ++i)
    for (int j = 0; j < 32; ++j) right = right && after[i * 32 + j] == before[j * 32 + i];
  std::printf("%-22s right: %-3s  %6d sectors  %4d + %d passes\n", name, right ? "yes" : "no",
      static_cast<int>(cost.global().sectors), static_cast<int>(cost.shared_stores.wavefronts),
      static_cast<int>(cost.shared_loads.wavefronts));
  return cost;
}

}  // namespace

int main(int argc, char** argv) {
  run("down columns", down_columns);
  run("along rows", along_rows);
  run("tiles of 16 x 16", tiles);
  run("the same, no barrier", tiles_without_barrier);

  std::printf("\ntransposed through\n");
  const KernelCounters narrow = run("a tile of 32 x 32", transpose<32>),
                       wide = run("a tile of 32 x 33", transpose<33>);
  if (argc > 1) draw(narrow, wide, argv[1]);
}
