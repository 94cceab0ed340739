// Derivatives of functions with several inputs and outputs: the Jacobian, and the pullback that replaces it.
#include <array>
#include <cstdio>
#include <vector>

namespace {

using Pair = std::array<double, 2>;

// u = f(x): a product and a sum
Pair f(const Pair& x) { return {x[0] * x[1], x[0] + x[1]}; }

// The Jacobian of f at x: J[i][j] = du_i/dx_j. A row per output, a column per input.
std::array<Pair, 2> jacobian(const Pair& x) {
  return {{
      {x[1], x[0]},  // u0 = x0 x1
      {1, 1},        // u1 = x0 + x1
  }};
}

// The pullback of f at x: takes g, a number per output, and returns g J, a number per input.
Pair pullback(const Pair& x, const Pair& g) { return {g[0] * x[1] + g[1], g[0] * x[0] + g[1]}; }

// The loss of u, and its gradient: (dL/du0, dL/du1)
double loss(const Pair& u) { return u[0] * u[1]; }
Pair loss_gradient(const Pair& u) { return {u[1], u[0]}; }

void by_hand() {
  const Pair x = {2, 3}, u = f(x), g = loss_gradient(u);
  std::printf("x = (%g, %g), u = (%g, %g), L = %g\n", x[0], x[1], u[0], u[1], loss(u));

  const std::array<Pair, 2> J = jacobian(x);
  std::printf("J         = (%g %g; %g %g)\n", J[0][0], J[0][1], J[1][0], J[1][1]);
  std::printf("g = dL/du = (%g, %g)\n", g[0], g[1]);
  std::printf("g J       = (%g, %g)\n", g[0] * J[0][0] + g[1] * J[1][0], g[0] * J[0][1] + g[1] * J[1][1]);

  const Pair gradient = pullback(x, g);
  std::printf("pullback  = (%g, %g)\n", gradient[0], gradient[1]);

  const double h = 1e-6;
  const double slope0 = (loss(f({x[0] + h, x[1]})) - loss(f({x[0] - h, x[1]}))) / (2 * h);
  const double slope1 = (loss(f({x[0], x[1] + h})) - loss(f({x[0], x[1] - h}))) / (2 * h);
  std::printf("measured  = (%.4f, %.4f)\n", slope0, slope1);
}

struct Matrix {
  int rows, cols;
  std::vector<double> data = std::vector<double>(static_cast<std::size_t>(rows * cols));
  double& at(int i, int j) { return data[static_cast<std::size_t>(i * cols + j)]; }
  double at(int i, int j) const { return data[static_cast<std::size_t>(i * cols + j)]; }
};

long multiplications = 0;

Matrix operator*(const Matrix& a, const Matrix& b) {
  Matrix c{a.rows, b.cols};
  for (int i = 0; i < a.rows; ++i)
    for (int j = 0; j < b.cols; ++j)
      for (int k = 0; k < a.cols; ++k) {
        c.at(i, j) += a.at(i, k) * b.at(k, j);
        ++multiplications;
      }
  return c;
}

// Small integers, so that both orders give exactly the same sums.
Matrix numbers(int rows, int cols) {
  Matrix m{rows, cols};
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < cols; ++j) m.at(i, j) = (3 * i + 5 * j) % 7 - 3;
  return m;
}

// Three steps, 100 numbers -> 100 -> 100 -> 1 loss: the gradient is the product of their Jacobians.
void both_orders() {
  const Matrix J1 = numbers(100, 100), J2 = numbers(100, 100), J3 = numbers(1, 100);

  const Matrix forward = J3 * (J2 * J1);
  std::printf("\nJ3 (J2 J1), from the input:  %7ld multiplications\n", multiplications);
  multiplications = 0;
  const Matrix reverse = (J3 * J2) * J1;
  std::printf("(J3 J2) J1, from the output: %7ld multiplications\n", multiplications);
  std::printf("the same gradient: %s\n", forward.data == reverse.data ? "yes" : "no");
}

}  // namespace

int main() {
  by_hand();
  both_orders();
}
