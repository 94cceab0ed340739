#include <cmath>
#include <vector>

using Vector = std::vector<double>;

namespace {

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// w + t x
Vector moved(Vector w, double t, const Vector& x) {
  for (std::size_t i = 0; i < w.size(); ++i) w[i] += t * x[i];
  return w;
}

}  // namespace

// The end is w + t x for some t, and x . (w + t x) = y says which.
Vector end_without_decay(const Vector& w, const Vector& x, double y) {
  return moved(w, (y - dot(x, w)) / dot(x, x), x);
}

// The part along x is removed; each step multiplies the rest by 1 - lr * decay.
Vector outside_after(const Vector& w, const Vector& x, double lr, double decay, int steps) {
  Vector outside = moved(w, -dot(x, w) / dot(x, x), x);
  for (double& element : outside) element *= std::pow(1 - lr * decay, steps);
  return outside;
}
