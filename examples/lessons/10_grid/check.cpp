// Checks a kernel that scales the rows of a matrix: with grids of several sizes, then its accesses.
#include <cstdio>

#include "grid.h"

void scale_rows(Thread t, Array& x, Array& s, Array& y, int rows, int columns);

namespace {

bool right(int blocks, int threads_per_block, int rows, int columns) {
  std::vector<float> numbers, factors, expected;
  for (int row = 0; row < rows; ++row) {
    factors.push_back(static_cast<float>(row + 1));
    for (int column = 0; column < columns; ++column) {
      numbers.push_back(static_cast<float>(column + 1));
      expected.push_back(numbers.back() * factors.back());
    }
  }
  Array x(numbers), s(factors), y(std::vector<float>(numbers.size()));
  try {
    launch(blocks, threads_per_block, scale_rows, x, s, y, rows, columns);
  } catch (const std::exception& error) {
    std::printf("failed: a matrix [%d, %d], %d blocks of %d threads: %s\n", rows, columns, blocks,
        threads_per_block, error.what());
    return false;
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (y.elements()[i] == expected[i]) continue;
    std::printf("failed: a matrix [%d, %d], %d blocks of %d threads: y[%zu] should be %g, it is %g\n", rows,
        columns, blocks, threads_per_block, i, expected[i], y.elements()[i]);
    std::puts("A kernel must not rely on the size of the grid. Take steps as long as the grid.");
    return false;
  }
  return true;
}

}  // namespace

int main() {
  if (!right(2, 3, 6, 5) || !right(2, 4, 6, 5) || !right(1, 4, 6, 5) || !right(16, 256, 64, 64)) return 1;
  // 128 requests for x and y each, of 4 sectors, and 128 for s, of one
  const std::size_t fewest = 128 * (4 + 4 + 1), found = device.sectors();
  if (found > fewest) {
    std::printf("failed: the result is right, but the accesses touch %zu sectors of memory; %zu are enough\n",
        found, fewest);
    std::puts(
        "Which elements do threads 0, 1, 2, ... of a warp access at the same time? They should be "
        "neighbours.");
    return 1;
  }
  std::puts("passed");
}
