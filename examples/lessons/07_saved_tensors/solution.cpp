#include <tenon/autograd/ops.h>
#include <tenon/autograd/tape/mode.h>

using namespace tenon;

// In place, so that w stays a leaf and every other handle to it sees the step; without recording, which a
// write to a leaf needs. The gradient must go, or the next backward() adds to it.
void step(Tensor& w, double lr) {
  const NoGradGuard no_grad;
  w -= lr * w.grad();
  w.zero_grad();
}

// detach() has the value without the history. A total on the tape would keep the graphs of all batches alive.
void add_to_total(Tensor& total, const Tensor& loss) { total += loss.detach(); }
