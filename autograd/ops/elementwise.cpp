// Functions of one tensor, elementwise.
#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/gradients.h>

namespace tenon {

using autograd::check_floating;
using autograd::Input;
using autograd::record;
using autograd::result;
using autograd::unary;
using autograd::with;

Tensor abs(const Tensor& a, CallSite site) {
  const Call call("abs", site);
  return record("abs", site, unary(arith::Abs(), a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return autograd::abs_backward(g, x); }));
}

Tensor exp(const Tensor& a, CallSite site) {
  const Call call("exp", site);
  Tensor out = unary(arith::Exp(), a);
  return record("exp", site, out,
      Input(a, with(result(out)), [](const Tensor& g, const Tensor& y) { return mul(g, y); }));
}

Tensor log(const Tensor& a, CallSite site) {
  const Call call("log", site);
  return record("log", site, unary(arith::Log(), a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return div(g, x); }));
}

Tensor sqrt(const Tensor& a, CallSite site) {
  const Call call("sqrt", site);
  Tensor out = unary(arith::Sqrt(), a);
  return record("sqrt", site, out,
      Input(a, with(result(out)), [](const Tensor& g, const Tensor& y) { return div(g, mul(y, 2)); }));
}

Tensor sin(const Tensor& a, CallSite site) {
  const Call call("sin", site);
  return record("sin", site, unary(arith::Sin(), a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return mul(g, cos(x)); }));
}

Tensor cos(const Tensor& a, CallSite site) {
  const Call call("cos", site);
  return record("cos", site, unary(arith::Cos(), a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return neg(mul(g, sin(x))); }));
}

Tensor tanh(const Tensor& a, CallSite site) {
  const Call call("tanh", site);
  Tensor out = unary(arith::Tanh(), a);
  return record("tanh", site, out, Input(a, with(result(out)), [](const Tensor& g, const Tensor& y) {
    return autograd::tanh_backward(g, y);
  }));
}

Tensor sigmoid(const Tensor& a, CallSite site) {
  const Call call("sigmoid", site);
  Tensor out = unary(arith::Sigmoid(), a);
  return record("sigmoid", site, out, Input(a, with(result(out)), [](const Tensor& g, const Tensor& y) {
    return autograd::sigmoid_backward(g, y);
  }));
}

Tensor relu(const Tensor& a, CallSite site) {
  const Call call("relu", site);
  return record("relu", site, unary(arith::Relu(), a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return autograd::relu_backward(g, x); }));
}

namespace autograd {

Tensor relu_backward(const Tensor& g, const Tensor& x) {
  return record("relu_backward", CallSite::current(), binary(arith::ReluBackward(), g, x),
      Input(g, with(x), [](const Tensor& gg, const Tensor& at) { return relu_backward(gg, at); }));
}

Tensor abs_backward(const Tensor& g, const Tensor& x) {
  return record("abs_backward", CallSite::current(), binary(arith::AbsBackward(), g, x),
      Input(g, with(x), [](const Tensor& gg, const Tensor& at) { return abs_backward(gg, at); }));
}

Tensor tanh_backward(const Tensor& g, const Tensor& y) {
  return record("tanh_backward", CallSite::current(), binary(arith::TanhBackward(), g, y),
      Input(g, with(y), [](const Tensor& gg, const Tensor& at) { return tanh_backward(gg, at); }),
      Input(y, with(g, y), [](const Tensor& gg, const Tensor& upstream, const Tensor& at) {
        return mul(mul(mul(gg, upstream), at), -2);
      }));
}

Tensor sigmoid_backward(const Tensor& g, const Tensor& y) {
  return record("sigmoid_backward", CallSite::current(), binary(arith::SigmoidBackward(), g, y),
      Input(g, with(y), [](const Tensor& gg, const Tensor& at) { return sigmoid_backward(gg, at); }),
      Input(y, with(g, y), [](const Tensor& gg, const Tensor& upstream, const Tensor& at) {
        return mul(mul(gg, upstream), sub(1, mul(at, 2)));
      }));
}

}  // namespace autograd
}  // namespace tenon
