// The formulas of the optimizers.
#pragma once
#include <tenon/kernels/arith/math.h>

namespace tenon::arith {

/// One element of the SGD step; docs/numerics.md section 4. `keep` is 1 - dampening.
template <class T>
struct Sgd {
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

}  // namespace tenon::arith
