#include <vector>

// J[i][j] = dy_i/dx_j is 1 if j <= i, otherwise 0. So (g J)[j] = g[j] + g[j + 1] + ... + g[n - 1]: a cumsum
// from the end.
std::vector<double> cumsum_pullback(const std::vector<double>& g) {
  std::vector<double> gradient(g.size());
  double sum = 0;
  for (std::size_t j = g.size(); j-- > 0;) gradient[j] = sum += g[j];
  return gradient;
}
