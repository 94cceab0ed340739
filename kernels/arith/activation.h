// Activation functions and their gradients, each a formula for one element. Here and elsewhere g is the
// upstream gradient and x the input. docs/numerics.md defines the results.
#pragma once
#include <tenon/kernels/arith/operation.h>

namespace tenon::arith {

/// x Phi(x), Phi the standard normal distribution
struct Gelu : Elementwise {
  static constexpr const char* name = "gelu";
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER static T distribution(T x) {
    return T(0.5) * (T(1) + num::erf(x * T(0x1.6a09e667f3bcdp-1)));  // 1 / sqrt(2)
  }
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T x) const {
    return x * distribution(x);
  }
};
/// g (Phi(x) + x phi(x)), phi = exp(-x^2 / 2) / sqrt(2 pi)
struct GeluBackward : Elementwise {
  static constexpr const char* name = "gelu_backward";
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T g, T x) const {
    const T density = num::exp((T(-0.5) * x) * x) * T(0x1.9884533d43651p-2);
    return g * num::fma(x, density, Gelu::distribution(x));
  }
};

/// The approximation x (1 + tanh(u)) / 2 = x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3)
struct GeluTanh : Elementwise {
  static constexpr const char* name = "gelu_tanh";
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER static T gate(T x) {
    return num::sigmoid((T(0x1.9884533d43651p+0) * x) * num::fma(T(0.044715) * x, x, T(1)));
  }
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T x) const {
    return x * gate(x);
  }
};
/// g s (1 + x (1 - s) 2 u'), s = sigmoid(2 u)
struct GeluTanhBackward : Elementwise {
  static constexpr const char* name = "gelu_tanh_backward";
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T g, T x) const {
    const T s = GeluTanh::gate(x);
    const T slope = T(0x1.9884533d43651p+0) * num::fma(T(0.134145) * x, x, T(1));
    return g * (s * num::fma(x * (T(1) - s), slope, T(1)));
  }
};

/// x sigmoid(x)
struct Silu : Elementwise {
  static constexpr const char* name = "silu";
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T x) const {
    return x * num::sigmoid(x);
  }
};
/// g s (1 + x (1 - s)), s = sigmoid(x)
struct SiluBackward : Elementwise {
  static constexpr const char* name = "silu_backward";
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T g, T x) const {
    const T s = num::sigmoid(x);
    return g * (s * num::fma(x, T(1) - s, T(1)));
  }
};

/// log(1 + exp(beta x)) / beta, and x where beta x > threshold
struct Softplus : Elementwise {
  static constexpr const char* name = "softplus";
  static constexpr int parameters = 2;
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T x, T beta, T threshold) const {
    const T z = beta * x, r = (num::relu(z) + num::log1p(num::exp(-num::abs(z)))) / beta;
    return z > threshold ? x : r;
  }
};
/// g sigmoid(beta x), and g where beta x > threshold
struct SoftplusBackward : Elementwise {
  static constexpr const char* name = "softplus_backward";
  static constexpr int parameters = 2;
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T g, T x, T beta, T threshold) const {
    const T z = beta * x, r = g * num::sigmoid(z);
    return z > threshold ? g : r;
  }
};

/// x > 0 ? x : slope x
struct LeakyRelu : Elementwise {
  static constexpr const char* name = "leaky_relu";
  static constexpr int parameters = 1;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T x, T slope) const {
    const T below = x * slope;
    return x > T(0) ? x : below;
  }
};
/// x > 0 ? g : slope g
struct LeakyReluBackward : Elementwise {
  static constexpr const char* name = "leaky_relu_backward";
  static constexpr int parameters = 1;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T g, T x, T slope) const {
    const T below = g * slope;
    return x > T(0) ? g : below;
  }
};

/// x > 0 ? above x : below (exp(x) - 1), for elu and selu
struct Elu : Elementwise {
  static constexpr const char* name = "elu";
  static constexpr int parameters = 2;
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T x, T above, T below) const {
    const T up = above * x, down = below * num::expm1(x);
    return x > T(0) ? up : down;
  }
};
/// x <= 0 ? g (below exp(x)) : g above
struct EluBackward : Elementwise {
  static constexpr const char* name = "elu_backward";
  static constexpr int parameters = 2;
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T g, T x, T above, T below) const {
    const T up = g * above, down = g * (below * num::exp(x));
    return x <= T(0) ? down : up;
  }
};

/// x <= low or x >= high ? +0 : g
struct HardtanhBackward : Elementwise {
  static constexpr const char* name = "hardtanh_backward";
  static constexpr int parameters = 2;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T g, T x, T low, T high) const {
    const T from_below = x <= low ? T(0) : g;
    return x >= high ? T(0) : from_below;
  }
};

}  // namespace tenon::arith
