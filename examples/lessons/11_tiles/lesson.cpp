// Three ways to multiply two matrices [64, 64], and what they read from memory.
#include <cstdio>

#include "matrices.h"

namespace {

// An element of c per thread. The threads of a warp are neighbours in a column.
void down_columns(Thread t, Array& a, Array& b, Array& c) {
  const int element = t.block * t.threads_per_block + t.thread, row = element % n, column = element / n;
  float sum = 0;
  for (int k = 0; k < n; ++k) sum += a[row * n + k] * b[k * n + column];
  c[row * n + column] = sum;
}

// The same, but neighbours in a row.
void along_rows(Thread t, Array& a, Array& b, Array& c) {
  const int element = t.block * t.threads_per_block + t.thread, row = element / n, column = element % n;
  float sum = 0;
  for (int k = 0; k < n; ++k) sum += a[row * n + k] * b[k * n + column];
  c[row * n + column] = sum;
}

// A block of 256 threads computes a tile of 16 x 16. In each step it copies a tile of a and one of b to
// shared memory, from where every element is read 16 times.
constexpr int size = 16;
void tiles(Block block, Array& a, Array& b, Array& c) {
  const int first_row = block.index() / (n / size) * size, first_column = block.index() % (n / size) * size;
  float tile_a[size][size], tile_b[size][size];  // in CUDA: __shared__
  float sum[size * size] = {};                   // in CUDA: float sum, a variable of the thread
  for (int step = 0; step < n; step += size) {
    block.each([&](int thread) {
      const int i = thread / size, j = thread % size;
      tile_a[i][j] = a[(first_row + i) * n + step + j];
      tile_b[i][j] = b[(step + i) * n + first_column + j];
    });
    block.each([&](int thread) {
      const int i = thread / size, j = thread % size;
      for (int k = 0; k < size; ++k) sum[thread] += tile_a[i][k] * tile_b[k][j];
    });
  }
  block.each(
      [&](int thread) { c[(first_row + thread / size) * n + first_column + thread % size] = sum[thread]; });
}

// Wrong: no barrier between the writes to the tiles and the reads.
void tiles_without_barrier(Block block, Array& a, Array& b, Array& c) {
  const int first_row = block.index() / (n / size) * size, first_column = block.index() % (n / size) * size;
  float tile_a[size][size] = {}, tile_b[size][size] = {}, sum[size * size] = {};
  for (int step = 0; step < n; step += size)
    block.each([&](int thread) {
      const int i = thread / size, j = thread % size;
      tile_a[i][j] = a[(first_row + i) * n + step + j];
      tile_b[i][j] = b[(step + i) * n + first_column + j];
      for (int k = 0; k < size; ++k) sum[thread] += tile_a[i][k] * tile_b[k][j];
    });
  block.each(
      [&](int thread) { c[(first_row + thread / size) * n + first_column + thread % size] = sum[thread]; });
}

template <class Launch>
void run(const char* name, Launch launch_it) {
  Array a(matrix(3)), b(matrix(5)), c(std::vector<float>(n * n));
  launch_it(a, b, c);
  std::printf("%-22s right: %-3s  %6zu sectors\n", name,
      c.elements() == product(a.elements(), b.elements()) ? "yes" : "no", device.sectors());
}

}  // namespace

int main() {
  run("down columns", [](Array& a, Array& b, Array& c) { launch(16, 256, down_columns, a, b, c); });
  run("along rows", [](Array& a, Array& b, Array& c) { launch(16, 256, along_rows, a, b, c); });
  run("tiles of 16", [](Array& a, Array& b, Array& c) { launch_blocks(16, 256, tiles, a, b, c); });
  run("the same, no barrier",
      [](Array& a, Array& b, Array& c) { launch_blocks(16, 256, tiles_without_barrier, a, b, c); });
}
