// Trains a linear model of three weights on one sample, and compares with the predictions.
#include <cmath>
#include <cstdio>
#include <vector>

using Vector = std::vector<double>;

Vector end_without_decay(const Vector& w, const Vector& x, double y);
Vector outside_after(const Vector& w, const Vector& x, double lr, double decay, int steps);

namespace {

double dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

Vector train(Vector w, const Vector& x, double y, double lr, double decay, int steps) {
  for (int step = 0; step < steps; ++step) {
    const double error = dot(x, w) - y;
    for (std::size_t i = 0; i < 3; ++i) w[i] -= lr * (2 * error * x[i] + decay * w[i]);
  }
  return w;
}

bool right(const char* name, const Vector& found, const Vector& expected, const char* hint) {
  double difference = 0;
  for (std::size_t i = 0; i < 3; ++i) difference += std::abs(found.at(i) - expected[i]);
  if (difference < 1e-6) return true;
  std::printf("failed: %s should be (%.4f, %.4f, %.4f), yours is (%.4f, %.4f, %.4f)\n%s\n", name, expected[0],
      expected[1], expected[2], found[0], found[1], found[2], hint);
  return false;
}

}  // namespace

int main() {
  const Vector w = {3, -2, 1}, x = {1, 2, -2};
  const double y = 15, lr = 0.02;
  const Vector trained = train(w, x, y, lr, 0.5, 50);
  const double along = dot(x, trained) / dot(x, x);
  const Vector outside = {trained[0] - along * x[0], trained[1] - along * x[1], trained[2] - along * x[2]};
  if (!right("the end without decay", end_without_decay(w, x, y), train(w, x, y, lr, 0, 500),
          "It is w + t x for some number t, and x . (w + t x) = y.") ||
      !right("the part outside after 50 steps with decay 0.5", outside_after(w, x, lr, 0.5, 50), outside,
          "Remove the part along x. Of the rest, a step leaves 1 - lr * decay."))
    return 1;
  std::puts("passed");
}
