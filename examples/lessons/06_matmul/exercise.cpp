#include <tenon/autograd/ops.h>
#include <tenon/autograd/tape/mode.h>
#include <tenon/autograd/tape/record.h>

using namespace tenon;

// A layer: y = x weight^T + bias, with x [n, in], weight [out, in], bias [out] and y [n, out].
Tensor my_linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  using autograd::Input, autograd::with;
  Tensor y;
  {
    const NoGradGuard no_grad;  // switches recording off (lesson 7): y is recorded below, as one operation
    y = matmul(x, weight.t()) + bias;
  }
  // A pullback gets g, [n, out], the shape of its input if it has a parameter for that, and the tensors in
  // with().
  return autograd::record("my_linear", CallSite::current(), y,
      Input(x, with(weight),
          [](const Tensor& g, const Shape& shape, const Tensor& w) {
            return zeros(shape, g.options());  // TODO: [n, in]
          }),
      Input(weight, with(x),
          [](const Tensor& g, const Shape& shape, const Tensor& in) {
            return zeros(shape, g.options());  // TODO: [out, in]
          }),
      Input(bias, [](const Tensor& g, const Shape& shape) {
        return zeros(shape, g.options());  // TODO: [out]
      }));
}
