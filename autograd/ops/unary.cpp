// Functions of one tensor, elementwise.
#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/gradients.h>

namespace tenon {

using autograd::check_floating;
using autograd::Input;
using autograd::record;
using autograd::Saved;
using autograd::SavedOutput;
using autograd::unary;
using kernels::Unary;

Tensor abs(const Tensor& a, Where where) {
  const Call call("abs", where);
  autograd::check_number("abs", a);
  return record("abs", where, unary("abs", Unary::abs, a),
      Input(a, [&] { return [a = Saved(a)](const Tensor& g) { return autograd::abs_backward(g, a()); }; }));
}

Tensor exp(const Tensor& a, Where where) {
  const Call call("exp", where);
  check_floating("exp", a);
  Tensor out = unary("exp", Unary::exp, a);
  return record("exp", where, out,
      Input(a, [&] { return [y = SavedOutput(out)](const Tensor& g) { return mul(g, y()); }; }));
}

Tensor log(const Tensor& a, Where where) {
  const Call call("log", where);
  check_floating("log", a);
  return record("log", where, unary("log", Unary::log, a),
      Input(a, [&] { return [a = Saved(a)](const Tensor& g) { return div(g, a()); }; }));
}

Tensor sqrt(const Tensor& a, Where where) {
  const Call call("sqrt", where);
  check_floating("sqrt", a);
  Tensor out = unary("sqrt", Unary::sqrt, a);
  return record("sqrt", where, out,
      Input(a, [&] { return [y = SavedOutput(out)](const Tensor& g) { return div(g, mul(y(), 2)); }; }));
}

Tensor sin(const Tensor& a, Where where) {
  const Call call("sin", where);
  check_floating("sin", a);
  return record("sin", where, unary("sin", Unary::sin, a),
      Input(a, [&] { return [a = Saved(a)](const Tensor& g) { return mul(g, cos(a())); }; }));
}

Tensor cos(const Tensor& a, Where where) {
  const Call call("cos", where);
  check_floating("cos", a);
  return record("cos", where, unary("cos", Unary::cos, a),
      Input(a, [&] { return [a = Saved(a)](const Tensor& g) { return neg(mul(g, sin(a()))); }; }));
}

Tensor tanh(const Tensor& a, Where where) {
  const Call call("tanh", where);
  check_floating("tanh", a);
  Tensor out = unary("tanh", Unary::tanh, a);
  return record("tanh", where, out, Input(a, [&] {
    return [y = SavedOutput(out)](const Tensor& g) { return autograd::tanh_backward(g, y()); };
  }));
}

Tensor sigmoid(const Tensor& a, Where where) {
  const Call call("sigmoid", where);
  check_floating("sigmoid", a);
  Tensor out = unary("sigmoid", Unary::sigmoid, a);
  return record("sigmoid", where, out, Input(a, [&] {
    return [y = SavedOutput(out)](const Tensor& g) { return autograd::sigmoid_backward(g, y()); };
  }));
}

Tensor relu(const Tensor& a, Where where) {
  const Call call("relu", where);
  check_floating("relu", a);
  return record("relu", where, unary("relu", Unary::relu, a),
      Input(a, [&] { return [a = Saved(a)](const Tensor& g) { return autograd::relu_backward(g, a()); }; }));
}

namespace autograd {

Tensor relu_backward(const Tensor& g, const Tensor& x) {
  return record("relu_backward", Where::current(),
      binary("relu_backward", kernels::Binary::relu_backward, g, x),
      Input(g, [&] { return [x = Saved(x)](const Tensor& gg) { return relu_backward(gg, x()); }; }));
}

Tensor abs_backward(const Tensor& g, const Tensor& x) {
  return record("abs_backward", Where::current(), binary("abs_backward", kernels::Binary::abs_backward, g, x),
      Input(g, [&] { return [x = Saved(x)](const Tensor& gg) { return abs_backward(gg, x()); }; }));
}

Tensor tanh_backward(const Tensor& g, const Tensor& y) {
  return record("tanh_backward", Where::current(),
      binary("tanh_backward", kernels::Binary::tanh_backward, g, y),
      Input(g, [&] { return [y = Saved(y)](const Tensor& gg) { return tanh_backward(gg, y()); }; }),
      Input(y, [&] {
        return [g = Saved(g), y = Saved(y)](const Tensor& gg) { return mul(mul(mul(gg, g()), y()), -2); };
      }));
}

Tensor sigmoid_backward(const Tensor& g, const Tensor& y) {
  return record("sigmoid_backward", Where::current(),
      binary("sigmoid_backward", kernels::Binary::sigmoid_backward, g, y),
      Input(g, [&] { return [y = Saved(y)](const Tensor& gg) { return sigmoid_backward(gg, y()); }; }),
      Input(y, [&] {
        return
            [g = Saved(g), y = Saved(y)](const Tensor& gg) { return mul(mul(gg, g()), sub(1, mul(y(), 2))); };
      }));
}

}  // namespace autograd
}  // namespace tenon
