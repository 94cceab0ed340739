// What an optimizer does with a gradient: a step by hand, momentum, groups, and a table of the parts of a
// step.
#include <cstdio>
#include <iostream>
#include <string>

#include <tenon/autograd/ops.h>
#include <tenon/nn/activation.h>
#include <tenon/nn/linear.h>
#include <tenon/nn/sequential.h>
#include <tenon/optim/groups.h>
#include <tenon/optim/sgd.h>

using namespace tenon;

namespace {

// The loss w^2 / 2, whose gradient is w.
void three_steps() {
  const Tensor w = tensor(1, {.dtype = DType::float64, .requires_grad = true});
  optim::SGD optimizer({w}, {.lr = 0.1, .momentum = 0.9});
  double by_hand = 1, b = 0;
  std::printf("step  gradient      b   w by hand      w\n");
  for (int step = 1; step <= 3; ++step) {
    const double g = by_hand;
    b = 0.9 * b + g;
    by_hand -= 0.1 * b;

    optimizer.zero_grad();
    (w * w / 2).backward();
    optimizer.step();
    std::printf("%4d  %8.3f  %5.3f   %9.4f  %.4f\n", step, g, b, by_hand, w.item());
  }
}

// The loss (w0^2 + 1000 w1^2) / 2, a long narrow valley: the number of steps until it is below 1e-6.
std::string steps_through_the_valley(const optim::SGDOptions& options) {
  const Tensor w = tensor({1, 1}, {.requires_grad = true}), steepness = tensor({1, 1000});
  optim::SGD optimizer({w}, options);
  for (int step = 0; step < 10'000; ++step) {
    const Tensor loss = (steepness * w * w).sum() / 2;
    if (loss.item() < 1e-6) return std::to_string(step) + " steps";
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
  }
  return "diverges";
}

void groups() {
  manual_seed(0);
  const Tensor x = randn({64, 2}), y = x.narrow(1, 0, 1) * x.narrow(1, 1, 1);
  nn::Sequential model{nn::Linear(2, 16), nn::Tanh(), nn::Linear(16, 1)};
  const auto named = model.named_parameters();
  optim::SGD optimizer(
      optim::group_by<optim::SGDParamGroup>(named, {{optim::is_bias_or_norm, {.weight_decay = 0}}}),
      {.lr = 0.1, .momentum = 0.9, .weight_decay = 0.01});
  std::cout << optimizer.describe(named) << '\n';

  for (int step = 0; step < 50; ++step) {
    optimizer.zero_grad();
    const Tensor loss = mse_loss(model(x), y);
    loss.backward();
    if (step == 0 || step == 49)
      std::cout << "before step " << step << ": loss " << loss.item() << '\n' << optimizer.explain(named);
    optimizer.step();
  }
}

}  // namespace

int main() {
  three_steps();
  std::printf("\n");
  std::cout << "lr 0.0019:               " << steps_through_the_valley({.lr = 0.0019}) << '\n'
            << "lr 0.0021:               " << steps_through_the_valley({.lr = 0.0021}) << '\n'
            << "lr 0.0019, momentum 0.9: " << steps_through_the_valley({.lr = 0.0019, .momentum = 0.9})
            << "\n\n";
  groups();
}
