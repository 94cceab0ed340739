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
    Matrix gradient = g;
    // TODO: for each row, g J instead of g, where J[i][j] = y[i] ((i == j) - y[j])
    return gradient;
  };
  return record(y, {{a, to_a}});
}
