// Checks a product of matrices: its elements, then what it reads from memory.
#include <cstdio>

#include "../cost.h"
#include "matrices.h"

__global__ void multiply(const float* a, const float* b, float* c);

namespace {

constexpr int n = 64;

int check() {
  const DeviceArray a(matrix(n, 3)), b(matrix(n, 5)), c(n * n);
  const KernelCounters cost = cost_of(multiply, 4, 256, a, b, c);
  const std::vector<float> expected = product(a.numbers(), b.numbers(), n), found = c.numbers();
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      if (found[i * n + j] == expected[i * n + j]) continue;
      std::printf("failed: c[%d][%d] should be %g, it is %g\n", i, j, expected[i * n + j], found[i * n + j]);
      std::puts(
          "Is each tile complete, and is there a barrier, before a thread reads what others have copied? And "
          "another one before the next tile?");
      return 1;
    }
  // 2 steps of 4 blocks, each with 2 tiles of 1024 floats, 8 to a sector; and c, once
  const int fewest = 2 * 4 * 2 * 1024 / 8 + n * n / 8, sectors = static_cast<int>(cost.global().sectors);
  if (sectors > fewest) {
    std::printf("failed: the product is right, but touches %d sectors of memory; with tiles %d are enough\n",
        sectors, fewest);
    std::puts("Copy a tile of a and a tile of b to shared memory, then multiply from there.");
    return 1;
  }
  std::puts("passed");
  return 0;
}

}  // namespace

int main() {
  try {
    return check();
  } catch (const std::exception& error) {
    std::printf("failed: %s\n", error.what());
    return 1;
  }
}
