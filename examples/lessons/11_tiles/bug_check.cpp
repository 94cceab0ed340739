// Checks a product of matrices whose size is no multiple of a tile's, under AddressSanitizer.
#include "../sanitizer.h"
#include "matrices.h"

__global__ void multiply(const float* a, const float* b, float* c, int n);

namespace {

int check(int n) {
  report_of_check.before = "n = " + std::to_string(n) + ": ";
  const int tiles = (n + 15) / 16;
  const DeviceArray a(matrix(n, 3)), b(matrix(n, 5)), c(n * n);
  launch(multiply, tiles * tiles, 256, a, b, c, n);
  const std::vector<float> expected = product(a.numbers(), b.numbers(), n), found = c.numbers();
  for (int i = 0; i < n * n; ++i) {
    if (found[i] == expected[i]) continue;
    std::printf("failed: n = %d: c[%d][%d] should be %g, it is %g\n", n, i / n, i % n, expected[i], found[i]);
    return 1;
  }
  return 0;
}

}  // namespace

int main() {
  shorten_reports();
  report_of_check.hint = "The loads need a guard too: a thread without an element must copy a 0.";
  for (const int n : {32, 24}) try {
      if (check(n)) return 1;
    } catch (const std::exception& error) {
      std::printf("failed: n = %d: %s\n", n, error.what());
      return 1;
    }
  std::puts("passed");
}
