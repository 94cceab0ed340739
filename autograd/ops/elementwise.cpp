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

Tensor abs(const Tensor& a, Where where) {
  const Call call("abs", where);
  return record("abs", where, unary(arith::Abs(), a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return autograd::abs_backward(g, x); }));
}

Tensor exp(const Tensor& a, Where where) {
  const Call call("exp", where);
  Tensor out = unary(arith::Exp(), a);
  return record("exp", where, out,
      Input(a, with(result(out)), [](const Tensor& g, const Tensor& y) { return mul(g, y); }));
}

Tensor log(const Tensor& a, Where where) {
  const Call call("log", where);
  return record("log", where, unary(arith::Log(), a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return div(g, x); }));
}

Tensor sqrt(const Tensor& a, Where where) {
  const Call call("sqrt", where);
  Tensor out = unary(arith::Sqrt(), a);
  return record("sqrt", where, out,
      Input(a, with(result(out)), [](const Tensor& g, const Tensor& y) { return div(g, mul(y, 2)); }));
}

Tensor sin(const Tensor& a, Where where) {
  const Call call("sin", where);
  return record("sin", where, unary(arith::Sin(), a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return mul(g, cos(x)); }));
}

Tensor cos(const Tensor& a, Where where) {
  const Call call("cos", where);
  return record("cos", where, unary(arith::Cos(), a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return neg(mul(g, sin(x))); }));
}

Tensor tanh(const Tensor& a, Where where) {
  const Call call("tanh", where);
  Tensor out = unary(arith::Tanh(), a);
  return record("tanh", where, out, Input(a, with(result(out)), [](const Tensor& g, const Tensor& y) {
    return autograd::tanh_backward(g, y);
  }));
}

Tensor sigmoid(const Tensor& a, Where where) {
  const Call call("sigmoid", where);
  Tensor out = unary(arith::Sigmoid(), a);
  return record("sigmoid", where, out, Input(a, with(result(out)), [](const Tensor& g, const Tensor& y) {
    return autograd::sigmoid_backward(g, y);
  }));
}

Tensor relu(const Tensor& a, Where where) {
  const Call call("relu", where);
  return record("relu", where, unary(arith::Relu(), a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return autograd::relu_backward(g, x); }));
}

namespace autograd {

Tensor relu_backward(const Tensor& g, const Tensor& x) {
  return record("relu_backward", Where::current(), binary(arith::ReluBackward(), g, x),
      Input(g, with(x), [](const Tensor& gg, const Tensor& at) { return relu_backward(gg, at); }));
}

Tensor abs_backward(const Tensor& g, const Tensor& x) {
  return record("abs_backward", Where::current(), binary(arith::AbsBackward(), g, x),
      Input(g, with(x), [](const Tensor& gg, const Tensor& at) { return abs_backward(gg, at); }));
}

Tensor tanh_backward(const Tensor& g, const Tensor& y) {
  return record("tanh_backward", Where::current(), binary(arith::TanhBackward(), g, y),
      Input(g, with(y), [](const Tensor& gg, const Tensor& at) { return tanh_backward(gg, at); }),
      Input(y, with(g, y), [](const Tensor& gg, const Tensor& upstream, const Tensor& at) {
        return mul(mul(mul(gg, upstream), at), -2);
      }));
}

Tensor sigmoid_backward(const Tensor& g, const Tensor& y) {
  return record("sigmoid_backward", Where::current(), binary(arith::SigmoidBackward(), g, y),
      Input(g, with(y), [](const Tensor& gg, const Tensor& at) { return sigmoid_backward(gg, at); }),
      Input(y, with(g, y), [](const Tensor& gg, const Tensor& upstream, const Tensor& at) {
        return mul(mul(gg, upstream), sub(1, mul(at, 2)));
      }));
}

}  // namespace autograd
}  // namespace tenon
