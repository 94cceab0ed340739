#include "view.h"

View every(View a, int dim, int step) {
  a.shape[dim] = (a.shape[dim] + step - 1) / step;  // rounded up: element 0 always belongs to it
  a.strides[dim] *= step;
  return a;
}

// One step along the diagonal is one step down and one to the right.
View diagonal(View a) { return {a.first, {a.shape[0]}, {a.strides[0] + a.strides[1]}}; }

// The next window begins one element later, and so does the next element of a window. Elements occur several
// times, so the pullback adds, for each element, the gradients of all windows that it is in.
View windows(View a, int size) {
  return {a.first, {a.shape[0] - size + 1, size}, {a.strides[0], a.strides[0]}};
}
