// A network with one hidden layer learns the exclusive or.
#include <cstdio>
#include <random>

#include "tape.h"

namespace {

// The same numbers with every compiler, unlike those of std::uniform_real_distribution.
Matrix random_matrix(int rows, int cols, std::mt19937& generator) {
  Matrix m(rows, cols);
  for (double& x : m.data) x = static_cast<double>(generator()) / 4294967296.0 * 2 - 1;  // in [-1, 1)
  return m;
}

void print(const char* name, const Matrix& m) {
  std::printf("%-7s [%d, %d] ", name, m.rows, m.cols);
  for (const double x : m.data) std::printf(" %g", x);
  std::printf("\n");
}

void one_pass() {
  const Tensor x = constant(Matrix(2, 2, {1, 2, 3, 5}));
  const Tensor w = parameter(Matrix(2, 1, {1, -1})), b = parameter(Matrix(1, 1, 3));
  const Tensor y = add_bias(matmul(x, w), b);
  const Tensor loss = mean_square(y);
  backward(loss);
  print("y", y.value());
  print("loss", loss.value());
  print("y.grad", y.grad());
  print("w.grad", w.grad());
  print("b.grad", b.grad());
  print("x.grad", x.grad());
}

void train() {
  const Tensor x = constant(Matrix(4, 2, {0, 0, 0, 1, 1, 0, 1, 1})),
               target = constant(Matrix(4, 1, {0, 1, 1, 0}));
  std::mt19937 generator(1);
  const Tensor w1 = parameter(random_matrix(2, 8, generator)), b1 = parameter(Matrix(1, 8));
  const Tensor w2 = parameter(random_matrix(8, 1, generator)), b2 = parameter(Matrix(1, 1));
  const auto network = [&] { return add_bias(matmul(tanh(add_bias(matmul(x, w1), b1)), w2), b2); };

  for (int step = 0; step <= 400; ++step) {
    const Tensor loss = mean_square(sub(network(), target));
    for (const Tensor& p : {w1, b1, w2, b2}) p.node().grad = Matrix(p.value().rows, p.value().cols);
    backward(loss);
    for (const Tensor& p : {w1, b1, w2, b2})
      p.node().value = zip(p.value(), p.grad(), [](double value, double grad) { return value - 0.1 * grad; });
    if (step % 100 == 0) std::printf("step %3d: loss %.4f\n", step, loss.value()(0, 0));
  }
  const Tensor y = network();
  for (int i = 0; i < 4; ++i)
    std::printf("%g xor %g: %.2f\n", x.value()(i, 0), x.value()(i, 1), y.value()(i, 0));
}

}  // namespace

int main() {
  one_pass();
  std::printf("\n");
  train();
}
