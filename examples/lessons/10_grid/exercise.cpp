#include "grid.h"

// y[row][column] = x[row][column] * s[row], for matrices in row-major order and any grid.
void scale_rows(Thread t, Array& x, Array& s, Array& y, int rows, int columns) {
  // TODO: here each thread has a row.
  const int row = t.block * t.threads_per_block + t.thread;
  for (int column = 0; column < columns; ++column)
    y[row * columns + column] = x[row * columns + column] * s[row];
}
