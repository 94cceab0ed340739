#include "../device.h"

constexpr int n = 64;

// c = a b, [64, 64], with 4 blocks of 256 threads. A block computes a tile of 32 x 32, so a thread computes 4
// elements.
__global__ void multiply(const float* a, const float* b, float* c) {
  constexpr int size = 32, threads = 256;
  const int first_row = blockIdx.x / (n / size) * size, first_column = blockIdx.x % (n / size) * size;
  // Elements thread, thread + 256, ... of the tile
  for (int element = threadIdx.x; element < size * size; element += threads) {
    const int row = first_row + element / size, column = first_column + element % size;
    // TODO: here every thread reads all that it needs from memory. Use tiles.
    float sum = 0;
    for (int k = 0; k < n; ++k) sum += a[row * n + k] * b[k * n + column];
    c[row * n + column] = sum;
  }
}
