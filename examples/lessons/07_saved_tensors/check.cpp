// Checks a training step and a running total for what goes wrong with both: the tape.
#include <cstdio>

#include <tenon/autograd/ops.h>

using namespace tenon;

void step(Tensor& w, double lr);
void add_to_total(Tensor& total, const Tensor& loss);

namespace {

bool expect(bool condition, const char* failure, const char* hint) {
  if (!condition) std::printf("failed: %s\n%s\n", failure, hint);
  return condition;
}

bool right() {
  Tensor w = tensor({1, 2}, {.requires_grad = true});
  const Tensor other = w;  // as a module and an optimizer hold the same parameter
  Tensor total = zeros({});
  const Tensor loss = (w * w).sum();  // the gradient is 2 w
  loss.backward();

  step(w, 0.1);
  if (!expect(w.is_leaf(), "after step(), w is the result of an operation and no longer a leaf",
          "The step was recorded. NoGradGuard switches the tape off in its scope.") ||
      !expect(w.requires_grad(), "after step(), w does not require a gradient",
          "w was replaced by another tensor. Change the elements that it has: w -= ...") ||
      !expect(allclose(w.detach(), tensor({0.8, 1.6})), "w should be (0.8, 1.6) after step(w, 0.1)",
          "w was (1, 2), its gradient (2, 4).") ||
      !expect(equal(other.detach(), w.detach()), "another handle to w does not see the step",
          "w was replaced by another tensor. Change the elements that it has: w -= ...") ||
      !expect(!w.grad().defined(), "the gradient of w is still there after step()",
          "The next backward() would add to it."))
    return false;

  add_to_total(total, loss);
  add_to_total(total, loss);
  return expect(total.item() == 10, "the total of 5 and 5 should be 10", "") &&
         expect(!total.requires_grad(), "the total is on the tape",
             "It keeps the graph of every batch alive. Only the value of the loss is needed: detach().");
}

}  // namespace

int main() {
  try {
    if (!right()) return 1;
  } catch (const Error& error) {
    std::printf("failed: %s\n", error.what());
    return 1;
  }
  std::puts("passed");
}
