// Checks a product of matrices: its elements, then what it reads from memory.
#include <cstdio>

#include "matrices.h"

void multiply(Block block, Array& a, Array& b, Array& c);

int main() {
  Array a(matrix(3)), b(matrix(5)), c(std::vector<float>(n * n));
  const std::vector<float> expected = product(a.elements(), b.elements());
  try {
    launch_blocks(4, 256, multiply, a, b, c);
  } catch (const std::exception& error) {
    std::printf("failed: %s\n", error.what());
    return 1;
  }
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      const float found = c.elements()[i * n + j], wanted = expected[i * n + j];
      if (found == wanted) continue;
      std::printf("failed: c[%d][%d] should be %g, it is %g\n", i, j, wanted, found);
      std::puts(
          "Is each tile complete, and is there a barrier, before a thread reads what others have copied?");
      return 1;
    }
  // 2 steps of 4 blocks, each with 2 tiles of 1024 floats, 8 to a sector; and c, once
  const std::size_t fewest = 2 * 4 * 2 * 1024 / 8 + n * n / 8, sectors = device.sectors();
  if (sectors > fewest) {
    std::printf(
        "failed: the product is right, but touches %zu sectors of memory; with tiles %zu are enough\n",
        sectors, fewest);
    std::puts(
        "Copy a tile of a and a tile of b into arrays that the block shares, then multiply from these.");
    return 1;
  }
  std::puts("passed");
}
