#include "../device.h"

// Neighbouring threads have neighbouring elements, and a thread takes steps as long as the grid.
__global__ void scale_rows(const float* x, const float* s, float* y, int rows, int columns) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < rows * columns; i += gridDim.x * blockDim.x)
    y[i] = x[i] * s[i / columns];
}
