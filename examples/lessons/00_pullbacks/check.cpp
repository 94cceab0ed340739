// Checks the pullback of cumsum with finite differences, and that it takes one loop.
#include <cmath>
#include <cstdio>
#include <ctime>
#include <vector>

using Vector = std::vector<double>;

Vector cumsum_pullback(const Vector& g);

namespace {

// L = g[0] y[0] + ... with y = cumsum(x), so dL/dy = g
double loss(const Vector& x, const Vector& g) {
  double y = 0, total = 0;
  for (std::size_t i = 0; i < x.size(); ++i) total += g[i] * (y += x[i]);
  return total;
}

}  // namespace

int main() {
  const Vector x = {1, 2, 3}, g = {1, 10, 100}, gradient = cumsum_pullback(g);
  if (gradient.size() != x.size()) {
    std::printf(
        "failed: there are 3 inputs, so the gradient has 3 numbers; yours has %zu\n", gradient.size());
    return 1;
  }
  for (std::size_t j = 0; j < x.size(); ++j) {
    const double h = 1e-6;
    Vector more = x, less = x;
    more[j] += h, less[j] -= h;
    const double measured = (loss(more, g) - loss(less, g)) / (2 * h);
    if (std::abs(gradient[j] - measured) < 1e-4) continue;
    std::printf("failed: g = (1, 10, 100); the gradient of x[%zu] should be %.0f, yours is %g\n", j, measured,
        gradient[j]);
    std::printf("Which of y[0], y[1], y[2] change when x[%zu] does, and by how much?\n", j);
    return 1;
  }

  const std::clock_t start = std::clock();
  cumsum_pullback(Vector(50'000, 1.0));
  if (std::clock() - start > CLOCKS_PER_SEC / 10) {
    std::puts("failed: the gradient is right, but takes a step for every pair of an input and an output");
    std::puts("One loop is enough: how does the gradient of x[1] follow from that of x[2]?");
    return 1;
  }
  std::puts("passed");
}
