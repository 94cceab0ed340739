// Matrices of small integers, whose product every order of additions gives exactly.
#pragma once
#include <vector>

/// [n, n]
inline std::vector<float> matrix(int n, int seed) {
  std::vector<float> elements(n * n);
  for (int i = 0; i < n * n; ++i) elements[i] = static_cast<float>((i * 7 + i / n * seed) % 11 - 5);
  return elements;
}

inline std::vector<float> product(const std::vector<float>& a, const std::vector<float>& b, int n) {
  std::vector<float> c(n * n);
  for (int i = 0; i < n; ++i)
    for (int k = 0; k < n; ++k)
      for (int j = 0; j < n; ++j) c[i * n + j] += a[i * n + k] * b[k * n + j];
  return c;
}
