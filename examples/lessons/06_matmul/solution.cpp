#include <tenon/autograd/ops.h>
#include <tenon/autograd/tape/mode.h>
#include <tenon/autograd/tape/record.h>

using namespace tenon;

// With b = weight^T, the gradient of x is g b^T = g weight. That of b is x^T g, so that of weight is its
// transpose, g^T x. The bias was broadcast over the rows, so it gets their sum.
Tensor my_linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  using autograd::Input, autograd::with;
  Tensor y;
  {
    const NoGradGuard no_grad;  // switches recording off (lesson 7): y is recorded below, as one operation
    y = matmul(x, weight.t()) + bias;
  }
  return autograd::record("my_linear", CallSite::current(), y,
      Input(x, with(weight), [](const Tensor& g, const Tensor& w) { return matmul(g, w); }),
      Input(weight, with(x), [](const Tensor& g, const Tensor& in) { return matmul(g.t(), in); }),
      Input(bias, [](const Tensor& g) { return g.sum(0); }));
}
