// The formulas of the optimizers, each for one element; docs/numerics.md section 4. A step keeps between
// `fewest` and `most` numbers of state beside the parameter; its call operator takes those that are present,
// the rest of them being what its options do not need.
#pragma once
#include <tenon/kernels/arith/math.h>

namespace tenon::arith {

/// The gradient as the step takes it: `decay` is the factor of an L2 penalty.
template <class T>
TENON_HOST_DEVICE T direction(T p, T g, T decay, bool maximize) {
  const T d = maximize ? -g : g;
  return decay != T(0) ? num::fma(decay, p, d) : d;
}

/// `keep` is 1 - dampening.
template <class T>
struct Sgd {
  using Element = T;
  static constexpr int fewest = 0, most = 1;
  T lr, decay, momentum, keep;
  bool nesterov, maximize, first_step;

  TENON_HOST_DEVICE_MEMBER void operator()(T& p, T g) const {
    p = num::fma(-lr, direction(p, g, decay, maximize), p);
  }
  TENON_HOST_DEVICE_MEMBER void operator()(T& p, T g, T& buffer) const {
    const T d = direction(p, g, decay, maximize);
    const T m = first_step ? d : num::fma(momentum, buffer, keep * d);
    buffer = m;
    p = num::fma(-lr, nesterov ? num::fma(momentum, m, d) : m, p);
  }
};

/// Either `decay` is the factor of an L2 penalty and `shrink` is 1, or the decay is decoupled: then `decay`
/// is 0 and `shrink` is 1 - lr weight_decay. `fresh` is 1 - beta of each average; `size` and `root` correct
/// their bias: lr / (1 - beta1^step), sqrt(1 - beta2^step). The third number of the state is that of amsgrad.
template <class T>
struct Adam {
  using Element = T;
  static constexpr int fewest = 2, most = 3;
  T decay, shrink, fresh1, beta2, fresh2, eps, size, root;
  bool maximize;

  TENON_HOST_DEVICE_MEMBER void operator()(T& p, T g, T& average, T& square) const {
    advance(p, g, average, square);
    descend(p, average, square);
  }
  TENON_HOST_DEVICE_MEMBER void operator()(T& p, T g, T& average, T& square, T& largest) const {
    advance(p, g, average, square);
    largest = num::maximum(largest, square);
    descend(p, average, largest);
  }

 private:
  TENON_HOST_DEVICE_MEMBER void advance(T p, T g, T& average, T& square) const {
    const T d = direction(p, g, decay, maximize);
    average = num::fma(fresh1, d - average, average);
    square = num::fma(fresh2 * d, d, beta2 * square);
  }
  TENON_HOST_DEVICE_MEMBER void descend(T& p, T average, T square) const {
    p = num::fma(-size, average / (num::sqrt(square) / root + eps), p * shrink);
  }
};

/// `fresh` is 1 - alpha. The second number of the state is the average of the gradient if the step is
/// centered, else the momentum; the third is the momentum.
template <class T>
struct RmsProp {
  using Element = T;
  static constexpr int fewest = 1, most = 3;
  T lr, decay, alpha, fresh, eps, momentum;
  bool centered, maximize;

  TENON_HOST_DEVICE_MEMBER void operator()(T& p, T g, T& square) const {
    const T d = advance(p, g, square);
    p = num::fma(-lr, d / (num::sqrt(square) + eps), p);
  }
  TENON_HOST_DEVICE_MEMBER void operator()(T& p, T g, T& square, T& second) const {
    const T d = advance(p, g, square);
    if (centered) {
      p = num::fma(-lr, d / (deviation(d, square, second) + eps), p);
    } else {
      second = num::fma(momentum, second, d / (num::sqrt(square) + eps));
      p = num::fma(-lr, second, p);
    }
  }
  TENON_HOST_DEVICE_MEMBER void operator()(T& p, T g, T& square, T& average, T& buffer) const {
    const T d = advance(p, g, square);
    buffer = num::fma(momentum, buffer, d / (deviation(d, square, average) + eps));
    p = num::fma(-lr, buffer, p);
  }

 private:
  TENON_HOST_DEVICE_MEMBER T advance(T p, T g, T& square) const {
    const T d = direction(p, g, decay, maximize);
    square = num::fma(fresh * d, d, alpha * square);
    return d;
  }
  /// Of the gradient. Rounding can make its square negative.
  TENON_HOST_DEVICE_MEMBER T deviation(T d, T square, T& average) const {
    average = num::fma(fresh, d - average, average);
    return num::sqrt(num::maximum(num::fma(-average, average, square), T(0)));
  }
};

/// `size` is lr / (1 + (step - 1) lr_decay).
template <class T>
struct Adagrad {
  using Element = T;
  static constexpr int fewest = 1, most = 1;
  T size, decay, eps;
  bool maximize;

  TENON_HOST_DEVICE_MEMBER void operator()(T& p, T g, T& sum) const {
    const T d = direction(p, g, decay, maximize);
    sum = num::fma(d, d, sum);
    p = num::fma(-size, d / (num::sqrt(sum) + eps), p);
  }
};

}  // namespace tenon::arith
