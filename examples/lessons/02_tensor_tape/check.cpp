// Checks the pullback of softmax with finite differences.
#include <cstdio>

#include "tape.h"

Tensor softmax(const Tensor& a);

namespace {

const Matrix at(2, 3, {0, 1, 2, 0.5, -1, 0});

Tensor loss(const Tensor& a) {
  return mean_square(sub(softmax(a), constant(Matrix(2, 3, {1, 0, 0, 0, 0, 1}))));
}

double measured(std::size_t k) {
  const double h = 1e-6;
  Matrix more = at, less = at;
  more.data[k] += h, less.data[k] -= h;
  return (loss(constant(more)).value()(0, 0) - loss(constant(less)).value()(0, 0)) / (2 * h);
}

}  // namespace

int main() {
  const Tensor a = parameter(at);
  backward(loss(a));
  for (int i = 0; i < at.rows; ++i)
    for (int j = 0; j < at.cols; ++j) {
      const double expected = measured(static_cast<std::size_t>(i * at.cols + j)), got = a.grad()(i, j);
      if (std::abs(got - expected) < 1e-6) continue;
      std::printf("failed: the gradient of a[%d][%d] should be %.4f, yours is %.4f\n", i, j, expected, got);
      std::puts("a = (0 1 2; 0.5 -1 0); the loss is the mean of the squares of softmax(a) - (1 0 0; 0 0 1).");
      std::printf(
          "a[%d][%d] is in the sum that divides the whole row, so every g of the row matters.\n", i, j);
      return 1;
    }
  std::puts("passed");
}
