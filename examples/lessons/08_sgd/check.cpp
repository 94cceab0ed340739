// Checks a step of SGD against tenon's, in which gradient descent, decay and momentum are switched on one by
// one.
#include <cmath>
#include <cstdio>
#include <vector>

#include <tenon/autograd/ops.h>
#include <tenon/optim/sgd.h>

using namespace tenon;

void sgd_step(std::vector<double>& w, const std::vector<double>& g, std::vector<double>& b, double lr,
    double momentum, double weight_decay);

namespace {

bool right(const char* name, const optim::SGDOptions& options, const char* hint) {
  std::vector<double> w = {1, -2, 3}, b(3);
  const Tensor expected = tensor(w, {.dtype = DType::float64, .requires_grad = true});
  optim::SGD optimizer({expected}, options);
  double lr = options.lr;
  for (int step = 1; step <= 4; ++step) {
    if (step == 3) optimizer.set_lr(lr /= 2);  // as schedules do
    std::vector<double> g;
    for (const double x : w) g.push_back(std::sin(x + step));
    expected.set_grad(tensor(g, {.dtype = DType::float64}));
    optimizer.step();
    sgd_step(w, g, b, lr, options.momentum, options.weight_decay);
    for (std::size_t i = 0; i < w.size(); ++i) {
      const double wanted = expected.data<double>()[i];
      if (std::abs(w[i] - wanted) < 1e-9) continue;
      std::printf("failed: %s: after step %d, w[%zu] should be %.6f, yours is %.6f\n%s\n", name, step, i,
          wanted, w[i], hint);
      return false;
    }
  }
  return true;
}

}  // namespace

int main() {
  if (!right("lr 0.1", {.lr = 0.1}, "w moves against its gradient by lr times the gradient.") ||
      !right("lr 0.1, weight_decay 0.5", {.lr = 0.1, .weight_decay = 0.5},
          "weight_decay * w is added to the gradient: with g = 0, w shrinks by the factor 1 - lr * "
          "weight_decay.") ||
      !right("lr 0.1, momentum 0.9", {.lr = 0.1, .momentum = 0.9},
          "b = momentum * b + g, and w moves by lr * b. The learning rate is not part of b.") ||
      !right("all three", {.lr = 0.1, .momentum = 0.9, .weight_decay = 0.5},
          "The decay is added to the gradient before it enters b."))
    return 1;
  std::puts("passed");
}
