#include <tenon/autograd/ops.h>
#include <tenon/autograd/tape/mode.h>

using namespace tenon;

// One step of gradient descent: moves w against its gradient, and drops the gradient.
void step(Tensor& w, double lr) {
  w = w - lr * w.grad();  // TODO
}

// Adds the loss of a batch to the total of an epoch, which is printed later.
void add_to_total(Tensor& total, const Tensor& loss) {
  total = total + loss;  // TODO
}
