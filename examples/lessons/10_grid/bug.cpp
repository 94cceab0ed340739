#include "../device.h"

// y[i] = x[i + 1] - x[i]: x has n elements, so y has n - 1.
__global__ void differences(const float* x, float* y, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = x[i + 1] - x[i];
}
