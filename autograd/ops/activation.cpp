// Activation functions.
#include <cmath>
#include <numbers>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/gradients.h>

namespace tenon {

using autograd::Input;
using autograd::record;
using autograd::unary;
using autograd::with;

Tensor relu(const Tensor& a, CallSite site) {
  const Call call("relu", site);
  return record("relu", site, unary(arith::Relu(), a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return autograd::relu_backward(g, x); }));
}

Tensor leaky_relu(const Tensor& a, double negative_slope, CallSite site) {
  const Call call("leaky_relu", site);
  return record("leaky_relu", site, unary(arith::LeakyRelu(), a, {negative_slope}),
      Input(a, with(a), [negative_slope](const Tensor& g, const Tensor& x) {
        return autograd::leaky_relu_backward(g, x, negative_slope);
      }));
}

namespace {

Tensor elu_of(const char* name, const Tensor& a, double above, double below, CallSite site) {
  const Call call(name, site);
  return record(name, site, unary(arith::Elu(), a, {above, below}),
      Input(a, with(a), [above, below](const Tensor& g, const Tensor& x) {
        return autograd::elu_backward(g, x, above, below);
      }));
}

}  // namespace

Tensor elu(const Tensor& a, double alpha, CallSite site) { return elu_of("elu", a, 1, alpha, site); }

Tensor selu(const Tensor& a, CallSite site) {
  constexpr double scale = 1.0507009873554804934, alpha = 1.6732632423543772848;
  return elu_of("selu", a, scale, scale * alpha, site);
}

Tensor silu(const Tensor& a, CallSite site) {
  const Call call("silu", site);
  return record("silu", site, unary(arith::Silu(), a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return autograd::silu_backward(g, x); }));
}

Tensor gelu(const Tensor& a, GeluApproximate approximate, CallSite site) {
  const Call call("gelu", site);
  if (approximate == GeluApproximate::tanh)
    return record("gelu", site, unary(arith::GeluTanh(), a),
        Input(
            a, with(a), [](const Tensor& g, const Tensor& x) { return autograd::gelu_tanh_backward(g, x); }));
  return record("gelu", site, unary(arith::Gelu(), a),
      Input(a, with(a), [](const Tensor& g, const Tensor& x) { return autograd::gelu_backward(g, x); }));
}

Tensor softplus(const Tensor& a, double beta, double threshold, CallSite site) {
  const Call call("softplus", site);
  autograd::check_floating("softplus", a);
  check(beta != 0 && autograd::is_finite_in(a.dtype(), beta),
      "softplus: beta must be finite and not 0; it is {}", beta);
  return record("softplus", site, unary(arith::Softplus(), a, {beta, threshold}),
      Input(a, with(a), [beta, threshold](const Tensor& g, const Tensor& x) {
        return autograd::softplus_backward(g, x, beta, threshold);
      }));
}

Tensor hardtanh(const Tensor& a, double min_val, double max_val, CallSite site) {
  const Call call("hardtanh", site);
  autograd::check_floating("hardtanh", a);
  check(min_val <= max_val, "hardtanh: the bounds must be in order; they are {} and {}", min_val, max_val);
  return record("hardtanh", site, unary(arith::Clamp(), a, {min_val, max_val}),
      Input(a, with(a), [min_val, max_val](const Tensor& g, const Tensor& x) {
        return autograd::hardtanh_backward(g, x, min_val, max_val);
      }));
}

namespace autograd {

namespace {

/// s (1 - s), the derivative of s = sigmoid
Tensor sigmoid_slope(const Tensor& s) { return mul(s, sub(1, s)); }

}  // namespace

Tensor relu_backward(const Tensor& g, const Tensor& x) {
  return record("relu_backward", CallSite::current(), binary(arith::ReluBackward(), g, x),
      Input(g, with(x), [](const Tensor& gg, const Tensor& at) { return relu_backward(gg, at); }));
}

Tensor leaky_relu_backward(const Tensor& g, const Tensor& x, double slope) {
  return record("leaky_relu_backward", CallSite::current(), binary(arith::LeakyReluBackward(), g, x, {slope}),
      Input(g, with(x),
          [slope](const Tensor& gg, const Tensor& at) { return leaky_relu_backward(gg, at, slope); }));
}

Tensor elu_backward(const Tensor& g, const Tensor& x, double above, double below) {
  return record("elu_backward", CallSite::current(), binary(arith::EluBackward(), g, x, {above, below}),
      Input(g, with(x),
          [above, below](const Tensor& gg, const Tensor& at) { return elu_backward(gg, at, above, below); }),
      Input(x, with(g, x), [below](const Tensor& gg, const Tensor& upstream, const Tensor& at) {
        const Tensor curve = where(lt(at, 0), mul(exp(at), below), 0.0);
        return mul(mul(gg, upstream), curve);
      }));
}

Tensor silu_backward(const Tensor& g, const Tensor& x) {
  return record("silu_backward", CallSite::current(), binary(arith::SiluBackward(), g, x),
      Input(g, with(x), [](const Tensor& gg, const Tensor& at) { return silu_backward(gg, at); }),
      Input(x, with(g, x), [](const Tensor& gg, const Tensor& upstream, const Tensor& at) {
        // s (1 - s) (2 + x (1 - 2 s))
        const Tensor s = sigmoid(at);
        const Tensor curve = mul(sigmoid_slope(s), add(mul(at, sub(1, mul(s, 2))), 2));
        return mul(mul(gg, upstream), curve);
      }));
}

Tensor gelu_backward(const Tensor& g, const Tensor& x) {
  return record("gelu_backward", CallSite::current(), binary(arith::GeluBackward(), g, x),
      Input(g, with(x), [](const Tensor& gg, const Tensor& at) { return gelu_backward(gg, at); }),
      Input(x, with(g, x), [](const Tensor& gg, const Tensor& upstream, const Tensor& at) {
        // phi(x) (2 - x^2)
        const Tensor s = square(at);
        const Tensor density = mul(exp(mul(s, -0.5)), std::numbers::inv_sqrtpi / std::numbers::sqrt2);
        return mul(mul(gg, upstream), mul(density, sub(2, s)));
      }));
}

Tensor gelu_tanh_backward(const Tensor& g, const Tensor& x) {
  return record("gelu_tanh_backward", CallSite::current(), binary(arith::GeluTanhBackward(), g, x),
      Input(g, with(x), [](const Tensor& gg, const Tensor& at) { return gelu_tanh_backward(gg, at); }),
      Input(x, with(g, x), [](const Tensor& gg, const Tensor& upstream, const Tensor& at) {
        // s (1 - s) (2 w' + x (w'^2 (1 - 2 s) + w'')), s = sigmoid(w), w = factor (x + 0.044715 x^3)
        constexpr double factor = 2 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
        const Tensor squares = square(at);
        const Tensor s = sigmoid(mul(mul(at, factor), add(mul(squares, 0.044715), 1)));
        const Tensor first = mul(add(mul(squares, 3 * 0.044715), 1), factor);
        const Tensor second = mul(at, 6 * 0.044715 * factor);
        const Tensor bend = mul(at, add(mul(square(first), sub(1, mul(s, 2))), second));
        return mul(mul(gg, upstream), mul(sigmoid_slope(s), add(mul(first, 2), bend)));
      }));
}

Tensor softplus_backward(const Tensor& g, const Tensor& x, double beta, double threshold) {
  return record("softplus_backward", CallSite::current(),
      binary(arith::SoftplusBackward(), g, x, {beta, threshold}),
      Input(g, with(x),
          [beta, threshold](
              const Tensor& gg, const Tensor& at) { return softplus_backward(gg, at, beta, threshold); }),
      Input(x, with(g, x), [beta, threshold](const Tensor& gg, const Tensor& upstream, const Tensor& at) {
        const Tensor z = mul(at, beta);
        const Tensor curve = where(ge(z, threshold), 0.0, mul(sigmoid_slope(sigmoid(z)), beta));
        return mul(mul(gg, upstream), curve);
      }));
}

Tensor hardtanh_backward(const Tensor& g, const Tensor& x, double low, double high) {
  return record("hardtanh_backward", CallSite::current(),
      binary(arith::HardtanhBackward(), g, x, {low, high}),
      Input(g, with(x),
          [low, high](const Tensor& gg, const Tensor& at) { return hardtanh_backward(gg, at, low, high); }));
}

}  // namespace autograd
}  // namespace tenon
