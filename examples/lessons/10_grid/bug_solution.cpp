#include "../device.h"

// The guard is that of y.
__global__ void differences(const float* x, float* y, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n - 1) y[i] = x[i + 1] - x[i];
}
