#include "matrices.h"

void multiply(Block block, Array& a, Array& b, Array& c) {
  constexpr int size = 32, threads = 256;
  const int first_row = block.index() / (n / size) * size, first_column = block.index() % (n / size) * size;
  float tile_a[size][size], tile_b[size][size], sum[size * size] = {};
  for (int step = 0; step < n; step += size) {
    block.each([&](int thread) {
      for (int element = thread; element < size * size; element += threads) {
        const int i = element / size, j = element % size;
        tile_a[i][j] = a[(first_row + i) * n + step + j];
        tile_b[i][j] = b[(step + i) * n + first_column + j];
      }
    });
    block.each([&](int thread) {
      for (int element = thread; element < size * size; element += threads) {
        const int i = element / size, j = element % size;
        for (int k = 0; k < size; ++k) sum[element] += tile_a[i][k] * tile_b[k][j];
      }
    });
  }
  block.each([&](int thread) {
    for (int element = thread; element < size * size; element += threads)
      c[(first_row + element / size) * n + first_column + element % size] = sum[element];
  });
}
