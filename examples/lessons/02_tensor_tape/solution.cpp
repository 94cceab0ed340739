#include "tape.h"

// softmax of each row: y[j] = exp(a[j]) / (exp(a[0]) + exp(a[1]) + ...)
Tensor softmax(const Tensor& a) {
  Matrix y = map(a.value(), [](double x) { return std::exp(x); });
  for (int i = 0; i < y.rows; ++i) {
    double sum = 0;
    for (int j = 0; j < y.cols; ++j) sum += y(i, j);
    for (int j = 0; j < y.cols; ++j) y(i, j) /= sum;
  }
  const auto to_a = [y](const Matrix& g) {
    // (g J)[j] = sum over i of g[i] y[i] ((i == j) - y[j])
    //          = y[j] (g[j] - dot), where dot = sum over i of g[i] y[i]
    Matrix gradient(y.rows, y.cols);
    for (int i = 0; i < y.rows; ++i) {
      double dot = 0;
      for (int j = 0; j < y.cols; ++j) dot += g(i, j) * y(i, j);
      for (int j = 0; j < y.cols; ++j) gradient(i, j) = y(i, j) * (g(i, j) - dot);
    }
    return gradient;
  };
  return record(y, {{a, to_a}});
}
