#include <vector>

// One step of SGD as PyTorch defines it, for parameters w with gradient g. b starts as zeros and is kept
// between steps. Must not change g.
void sgd_step(std::vector<double>& w, const std::vector<double>& g, std::vector<double>& b, double lr,
    double momentum, double weight_decay) {
  for (std::size_t i = 0; i < w.size(); ++i) {
    w[i] -= lr * g[i];  // TODO: momentum and weight decay
  }
}
