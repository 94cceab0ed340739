// Runs a kernel under AddressSanitizer.
#include "../sanitizer.h"

__global__ void differences(const float* x, float* y, int n);

int main() {
  shorten_reports();
  const std::vector<float> numbers = {0, 1, 4, 9, 16, 25, 36, 49, 64, 81};
  const DeviceArray x(numbers), y(9);
  launch(differences, 3, 4, x, y, 10);
  const std::vector<float> found = y.numbers();
  for (int i = 0; i < 9; ++i) {
    if (found[i] == numbers[i + 1] - numbers[i]) continue;
    std::printf("failed: y[%d] should be %g, it is %g\n", i, numbers[i + 1] - numbers[i], found[i]);
    return 1;
  }
  std::puts("passed");
}
