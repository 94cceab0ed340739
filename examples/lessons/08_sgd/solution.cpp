#include <vector>

void sgd_step(std::vector<double>& w, const std::vector<double>& g, std::vector<double>& b, double lr,
    double momentum, double weight_decay) {
  for (std::size_t i = 0; i < w.size(); ++i) {
    const double with_decay = g[i] + weight_decay * w[i];
    b[i] = momentum * b[i] + with_decay;
    w[i] -= lr * b[i];
  }
}
