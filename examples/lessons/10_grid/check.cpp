// Checks a kernel that scales the rows of a matrix: with grids of several sizes, then its accesses.
#include <cstdio>

#include "../cost.h"

__global__ void scale_rows(const float* x, const float* s, float* y, int rows, int columns);

namespace {

/// The sectors that the kernel has touched; -1 if its result was wrong.
int sectors_if_right(int blocks, int threads, int rows, int columns) {
  std::vector<float> numbers, factors, expected;
  for (int row = 0; row < rows; ++row) {
    factors.push_back(static_cast<float>(row + 1));
    for (int column = 0; column < columns; ++column) {
      numbers.push_back(static_cast<float>(column + 1));
      expected.push_back(numbers.back() * factors.back());
    }
  }
  const DeviceArray x(numbers), s(factors), y(numbers.size());
  try {
    const KernelCounters cost = cost_of(scale_rows, blocks, threads, x, s, y, rows, columns);
    const std::vector<float> found = y.numbers();
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found[i] == expected[i]) continue;
      std::printf("failed: a matrix [%d, %d], %d blocks of %d threads: y[%zu] should be %g, it is %g\n", rows,
          columns, blocks, threads, i, expected[i], found[i]);
      std::puts(found[i] == 0
                    ? "A kernel must not rely on the size of the grid. Take steps as long as the grid."
                    : "Which row does element i belong to?");
      return -1;
    }
    return static_cast<int>(cost.global().sectors);
  } catch (const std::exception& error) {
    std::printf("failed: a matrix [%d, %d], %d blocks of %d threads: %s\n", rows, columns, blocks, threads,
        error.what());
    return -1;
  }
}

}  // namespace

int main() {
  for (const int threads : {3, 4, 32})
    if (sectors_if_right(2, threads, 6, 5) < 0) return 1;
  // 128 requests for x and y each, of 4 sectors, and 128 for s, of one
  const int fewest = 128 * (4 + 4 + 1), found = sectors_if_right(16, 256, 64, 64);
  if (found < 0) return 1;
  if (found > fewest) {
    std::printf(
        "failed: a matrix [64, 64]: the result is right, but touches %d sectors of memory; %d are enough\n",
        found, fewest);
    std::puts("Which elements do threads 0, 1, 2, ... of a warp access at the same time?");
    std::puts("They should be neighbours.");
    return 1;
  }
  std::puts("passed");
}
