#include <vector>

using Vector = std::vector<double>;

// A linear model with weights w is trained on one sample x with target y, by gradient descent on (x . w -
// y)^2.

// The weights at the end, when x . w = y, without any decay. Do not train.
Vector end_without_decay(const Vector& w, const Vector& x, double y) {
  Vector end = w;
  // TODO: every step moved w along x. How far in all?
  return end;
}

// What is left, after so many steps with decay, of the part of w that is orthogonal to x. Do not train.
Vector outside_after(const Vector& w, const Vector& x, double lr, double decay, int steps) {
  Vector outside = w;
  // TODO: first the part at the beginning, then what the steps leave of it
  return outside;
}
