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
using kernels::Unary;

Tensor abs(const Tensor& a, Where where) {
  const Call call("abs", where);
  autograd::check_number("abs", a);
  return record("abs", where, unary("abs", Unary::abs, a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return autograd::abs_backward(g, x); }));
}

Tensor exp(const Tensor& a, Where where) {
  const Call call("exp", where);
  check_floating("exp", a);
  Tensor out = unary("exp", Unary::exp, a);
  return record("exp", where, out,
      Input(a, with(result(out)), [](const Tensor& g, const Tensor& y) { return mul(g, y); }));
}

Tensor log(const Tensor& a, Where where) {
  const Call call("log", where);
  check_floating("log", a);
  return record("log", where, unary("log", Unary::log, a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return div(g, x); }));
}

Tensor sqrt(const Tensor& a, Where where) {
  const Call call("sqrt", where);
  check_floating("sqrt", a);
  Tensor out = unary("sqrt", Unary::sqrt, a);
  return record("sqrt", where, out,
      Input(a, with(result(out)), [](const Tensor& g, const Tensor& y) { return div(g, mul(y, 2)); }));
}

Tensor sin(const Tensor& a, Where where) {
  const Call call("sin", where);
  check_floating("sin", a);
  return record("sin", where, unary("sin", Unary::sin, a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return mul(g, cos(x)); }));
}

Tensor cos(const Tensor& a, Where where) {
  const Call call("cos", where);
  check_floating("cos", a);
  return record("cos", where, unary("cos", Unary::cos, a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return neg(mul(g, sin(x))); }));
}

Tensor tanh(const Tensor& a, Where where) {
  const Call call("tanh", where);
  check_floating("tanh", a);
  Tensor out = unary("tanh", Unary::tanh, a);
  return record("tanh", where, out, Input(a, with(result(out)), [](const Tensor& g, const Tensor& y) {
    return autograd::tanh_backward(g, y);
  }));
}

Tensor sigmoid(const Tensor& a, Where where) {
  const Call call("sigmoid", where);
  check_floating("sigmoid", a);
  Tensor out = unary("sigmoid", Unary::sigmoid, a);
  return record("sigmoid", where, out, Input(a, with(result(out)), [](const Tensor& g, const Tensor& y) {
    return autograd::sigmoid_backward(g, y);
  }));
}

Tensor relu(const Tensor& a, Where where) {
  const Call call("relu", where);
  check_floating("relu", a);
  return record("relu", where, unary("relu", Unary::relu, a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return autograd::relu_backward(g, x); }));
}

namespace autograd {

Tensor relu_backward(const Tensor& g, const Tensor& x) {
  return record("relu_backward", Where::current(),
      binary("relu_backward", kernels::Binary::relu_backward, g, x),
      Input(g, with(x), [](const Tensor& gg, const Tensor& at) { return relu_backward(gg, at); }));
}

Tensor abs_backward(const Tensor& g, const Tensor& x) {
  return record("abs_backward", Where::current(), binary("abs_backward", kernels::Binary::abs_backward, g, x),
      Input(g, with(x), [](const Tensor& gg, const Tensor& at) { return abs_backward(gg, at); }));
}

Tensor tanh_backward(const Tensor& g, const Tensor& y) {
  return record("tanh_backward", Where::current(),
      binary("tanh_backward", kernels::Binary::tanh_backward, g, y),
      Input(g, with(y), [](const Tensor& gg, const Tensor& at) { return tanh_backward(gg, at); }),
      Input(y, with(g, y), [](const Tensor& gg, const Tensor& upstream, const Tensor& at) {
        return mul(mul(mul(gg, upstream), at), -2);
      }));
}

Tensor sigmoid_backward(const Tensor& g, const Tensor& y) {
  return record("sigmoid_backward", Where::current(),
      binary("sigmoid_backward", kernels::Binary::sigmoid_backward, g, y),
      Input(g, with(y), [](const Tensor& gg, const Tensor& at) { return sigmoid_backward(gg, at); }),
      Input(y, with(g, y), [](const Tensor& gg, const Tensor& upstream, const Tensor& at) {
        return mul(mul(gg, upstream), sub(1, mul(at, 2)));
      }));
}

}  // namespace autograd
}  // namespace tenon
