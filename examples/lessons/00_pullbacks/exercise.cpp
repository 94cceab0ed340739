#include <vector>

// The function is y = cumsum(x), with y[i] = x[0] + ... + x[i].
// Return the gradient of x, given g, the gradient of y. Do not build the Jacobian.
std::vector<double> cumsum_pullback(const std::vector<double>& g) {
  std::vector<double> gradient(g.size());
  // TODO
  return gradient;
}
