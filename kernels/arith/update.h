// The formulas of the optimizers.
#pragma once
#include <tenon/kernels/arith/math.h>

namespace tenon::arith {

/// One element of the SGD step; docs/numerics.md section 4. `keep` is 1 - dampening.
template <class T>
struct Sgd {
  using Element = T;
  static constexpr int states = 1;  // arrays that the step keeps beside the parameter
  T lr, decay, momentum, keep;
  bool nesterov, maximize, first_step;

  TENON_HOST_DEVICE_MEMBER T direction(T p, T g) const {
    const T d = maximize ? -g : g;
    return decay != T(0) ? num::fma(decay, p, d) : d;
  }
  TENON_HOST_DEVICE_MEMBER void operator()(T& p, T g) const { p = num::fma(-lr, direction(p, g), p); }
  TENON_HOST_DEVICE_MEMBER void operator()(T& p, T g, T& buffer) const {
    const T d = direction(p, g);
    const T m = first_step ? d : num::fma(momentum, buffer, keep * d);
    buffer = m;
    p = num::fma(-lr, nesterov ? num::fma(momentum, m, d) : m, p);
  }
};

/// One element of the Adam step; docs/numerics.md section 4. Either `decay` is the factor of an L2 penalty
/// and `shrink` is 1, or the decay is decoupled: then `decay` is 0 and `shrink` is 1 - lr weight_decay.
/// `fresh` is 1 - beta of each average; `size` and `root` correct their bias: lr / (1 - beta1^step), sqrt(1 -
/// beta2^step).
template <class T>
struct Adam {
  using Element = T;
  static constexpr int states = 2;
  T decay, shrink, fresh1, beta2, fresh2, eps, size, root;
  bool maximize;

  TENON_HOST_DEVICE_MEMBER void operator()(T& p, T g, T& average, T& square) const {
    const T s = maximize ? -g : g;
    const T d = decay != T(0) ? num::fma(decay, p, s) : s;
    const T m = num::fma(fresh1, d - average, average), v = num::fma(fresh2 * d, d, beta2 * square);
    average = m;
    square = v;
    p = num::fma(-size, m / (num::sqrt(v) / root + eps), p * shrink);
  }
};

}  // namespace tenon::arith
