#include "../device.h"

constexpr int n = 64;

__global__ void multiply(const float* a, const float* b, float* c) {
  constexpr int size = 32, threads = 256, each = size * size / threads;
  SIMT_SHARED(tile_a, float[size][size]);
  SIMT_SHARED(tile_b, float[size][size]);
  const int first_row = blockIdx.x / (n / size) * size, first_column = blockIdx.x % (n / size) * size;
  const int i = threadIdx.x / size, j = threadIdx.x % size;  // the others are 8 rows apart
  constexpr int apart = threads / size;
  float sum[each] = {};
  for (int step = 0; step < n; step += size) {
    for (int e = 0; e < each; ++e) {
      tile_a[i + e * apart][j] = a[(first_row + i + e * apart) * n + step + j];
      tile_b[i + e * apart][j] = b[(step + i + e * apart) * n + first_column + j];
    }
    __syncthreads();
    for (int e = 0; e < each; ++e)
      for (int k = 0; k < size; ++k) sum[e] += tile_a[i + e * apart][k] * tile_b[k][j];
    __syncthreads();
  }
  for (int e = 0; e < each; ++e) c[(first_row + i + e * apart) * n + first_column + j] = sum[e];
}
