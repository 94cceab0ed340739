#include "view.h"

// Every `step`-th element of a dimension: 0, step, 2 step, ... (PyTorch: a[::step])
View every(View a, int dim, int step) {
  return a;  // TODO
}

// The diagonal of a matrix [n, n], as a view [n] (PyTorch: a.diagonal())
View diagonal(View a) {
  return a;  // TODO
}

// All windows of `size` neighbours of a vector [n], as a view [n - size + 1, size]: windows of 2 of (1, 2, 3,
// 4) are (1, 2), (2, 3) and (3, 4) (PyTorch: a.unfold(0, size, 1))
View windows(View a, int size) {
  return a;  // TODO
}
