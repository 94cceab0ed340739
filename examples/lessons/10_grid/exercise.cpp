#include "../device.h"

// y[row][column] = x[row][column] * s[row], for matrices in row-major order and any grid.
__global__ void scale_rows(const float* x, const float* s, float* y, int rows, int columns) {
  // TODO: here each thread has whole rows.
  for (int row = blockIdx.x * blockDim.x + threadIdx.x; row < rows; row += gridDim.x * blockDim.x)
    for (int column = 0; column < columns; ++column)
      y[row * columns + column] = x[row * columns + column] * s[row];
}
