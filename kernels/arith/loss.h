// Losses and their gradients, each a formula for one element: x is the input, t the target. docs/numerics.md
// defines the results.
#pragma once
#include <tenon/kernels/arith/operation.h>

namespace tenon::arith {

/// s (d - k s / 2), d = x - t, s = d / k between -most and most: the Huber loss (k = 1, most = delta), and
/// the smooth L1 loss (k = beta, most = 1)
struct Huber : Elementwise {
  static constexpr const char* name = "huber";
  static constexpr int parameters = 2;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T x, T t, T k, T most) const {
    const T d = x - t, s = num::clamp(d / k, -most, most);
    return s * num::fma(T(-0.5) * k, s, d);
  }
};
/// g s
struct HuberBackward : Elementwise {
  static constexpr const char* name = "huber_backward";
  static constexpr int parameters = 2;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T g, T x, T t, T k, T most) const {
    return g * num::clamp((x - t) / k, -most, most);
  }
};

/// -t log(x) - (1 - t) log(1 - x), in which a logarithm below -100 counts as -100
struct BinaryCrossEntropy : Elementwise {
  static constexpr const char* name = "binary_cross_entropy";
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T x, T t) const {
    return of_logarithms(num::log(x), num::log1p(-x), t);
  }
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER static bool is_usual(T x, T) {
    return num::is_usual_log(x) & (x < T(1));
  }
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER static T usual(T x, T t) {
    return of_logarithms(num::usual_log(x), num::usual_log1p(-x), t);
  }

 private:
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER static T of_logarithms(T of_x, T of_rest, T t) {
    return num::fma(t - T(1), num::maximum(of_rest, T(-100)), -(t * num::maximum(of_x, T(-100))));
  }
};
/// g (x - t) / (x (1 - x)); the denominator is at least 1e-12, so that 0 / 0 at a perfect prediction is 0
struct BinaryCrossEntropyBackward : Elementwise {
  static constexpr const char* name = "binary_cross_entropy_backward";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T g, T x, T t) const {
    return g * ((x - t) / num::maximum((T(1) - x) * x, T(1e-12)));
  }
};

/// The same of the probability sigmoid(x): t log(1 + exp(-x)) + (1 - t) log(1 + exp(x))
struct LogitsCrossEntropy : Elementwise {
  static constexpr const char* name = "logits_cross_entropy";
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T x, T t) const {
    return of_rest(num::log1p(num::exp(-num::abs(x))), x, t);
  }
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER static bool is_usual(T x, T) {
    return num::is_usual_exp(x);
  }
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER static T usual(T x, T t) {
    return of_rest(num::usual_log1p(num::usual_exp(-num::abs(x))), x, t);
  }

 private:
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER static T of_rest(T rest, T x, T t) {
    return num::fma(t, num::relu(-x) + rest, (T(1) - t) * (num::relu(x) + rest));
  }
};
/// g ((1 - t) sigmoid(x) - t sigmoid(-x)), from one exponential
struct LogitsCrossEntropyBackward : Elementwise {
  static constexpr const char* name = "logits_cross_entropy_backward";
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T g, T x, T t) const {
    const T e = num::exp(-num::abs(x));
    const T up = x < T(0) ? e : T(1), down = x < T(0) ? T(1) : e;  // times 1 + e
    return g * (num::fma(T(1) - t, up, -(t * down)) / (T(1) + e));
  }
};

}  // namespace tenon::arith
