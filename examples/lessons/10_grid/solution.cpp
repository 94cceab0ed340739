#include "grid.h"

// Neighbouring threads have neighbouring elements, and a thread takes steps as long as the grid.
void scale_rows(Thread t, Array& x, Array& s, Array& y, int rows, int columns) {
  for (int i = t.block * t.threads_per_block + t.thread; i < rows * columns;
       i += t.blocks * t.threads_per_block)
    y[i] = x[i] * s[i / columns];
}
