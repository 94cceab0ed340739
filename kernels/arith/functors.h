// One functor for each elementwise operation: the CPU loops and the CUDA kernels apply the same ones.
#pragma once
#include <tenon/kernels/arith/math.h>
#include <tenon/kernels/arith/op.h>

namespace tenon::kernels {

/// int64 arithmetic wraps.
TENON_HD int64_t wrap(uint64_t x) { return static_cast<int64_t>(x); }
TENON_HD uint64_t bare(int64_t x) { return static_cast<uint64_t>(x); }

template <Unary op>
struct UnaryOf {
  template <class T>
  TENON_HD_MEMBER T operator()(T a) const {
    if constexpr (op == Unary::neg) return -a;
    else if constexpr (op == Unary::abs) return num::abs(a);
    else if constexpr (op == Unary::sqrt) return num::sqrt(a);
    else if constexpr (op == Unary::exp) return num::exp(a);
    else if constexpr (op == Unary::log) return num::log(a);
    else if constexpr (op == Unary::sin) return num::sin(a);
    else if constexpr (op == Unary::cos) return num::cos(a);
    else if constexpr (op == Unary::tanh) return num::tanh(a);
    else if constexpr (op == Unary::sigmoid) return num::sigmoid(a);
    else if constexpr (op == Unary::relu) return num::relu(a);
    else if constexpr (op == Unary::sign) return num::sign(a);
    else if constexpr (op == Unary::square) return a * a;
    else if constexpr (op == Unary::cube) return (a * a) * a;
    else if constexpr (op == Unary::reciprocal) return T(1) / a;
    else return num::root(a);
  }
  TENON_HD_MEMBER int64_t operator()(int64_t a) const {
    if constexpr (op == Unary::neg) return wrap(-bare(a));
    else return num::abs(a);
  }
};

template <Binary op>
struct BinaryOf {
  template <class T>
  TENON_HD_MEMBER T operator()(T a, T b) const {
    if constexpr (op == Binary::add) return a + b;
    else if constexpr (op == Binary::sub) return a - b;
    else if constexpr (op == Binary::mul) return a * b;
    else if constexpr (op == Binary::div) return a / b;
    else if constexpr (op == Binary::maximum) return num::maximum(a, b);
    else if constexpr (op == Binary::minimum) return num::minimum(a, b);
    else if constexpr (op == Binary::pow) return num::pow(a, b);
    else if constexpr (op == Binary::squared_difference) return (a - b) * (a - b);
    else if constexpr (op == Binary::absolute_difference) return num::abs(a - b);
    else if constexpr (op == Binary::relu_backward) return b <= T(0) ? T(0) : a;
    else if constexpr (op == Binary::tanh_backward) return a * num::fma(-b, b, T(1));
    else if constexpr (op == Binary::sigmoid_backward) return a * ((T(1) - b) * b);
    else return a * num::sign(b);
  }
  TENON_HD_MEMBER int64_t operator()(int64_t a, int64_t b) const {
    if constexpr (op == Binary::add) return wrap(bare(a) + bare(b));
    else if constexpr (op == Binary::sub) return wrap(bare(a) - bare(b));
    else if constexpr (op == Binary::mul) return wrap(bare(a) * bare(b));
    else if constexpr (op == Binary::maximum) return num::maximum(a, b);
    else return num::minimum(a, b);
  }
};

template <Compare op>
struct CompareOf {
  template <class T>
  TENON_HD_MEMBER uint8_t operator()(T a, T b) const {
    if constexpr (op == Compare::eq) return a == b;
    else if constexpr (op == Compare::ne) return a != b;
    else if constexpr (op == Compare::lt) return a < b;
    else if constexpr (op == Compare::le) return a <= b;
    else if constexpr (op == Compare::gt) return a > b;
    else return a >= b;
  }
};

struct Where {
  template <class T>
  TENON_HD_MEMBER T operator()(uint8_t condition, T a, T b) const {
    return condition ? a : b;
  }
};

template <class T>
struct Clamp {
  T low, high;
  TENON_HD_MEMBER T operator()(T a) const { return num::minimum(num::maximum(a, low), high); }
};
template <class T>
struct ClampBackward {
  T low, high;
  TENON_HD_MEMBER T operator()(T g, T a) const { return low <= a && a <= high ? g : T(0); }
};
template <class T>
struct ScaledDifference {
  T scale, count;
  TENON_HD_MEMBER T operator()(T g, T a, T b) const { return ((scale * g) / count) * (a - b); }
};
template <class T>
struct ScaledSign {
  T scale, count;
  TENON_HD_MEMBER T operator()(T g, T a, T b) const { return ((g * scale) / count) * num::sign(a - b); }
};

/// A boolean is a byte, 0 or 1; the type keeps it apart from numbers.
struct Bool {
  uint8_t byte;
};

template <class To>
struct Cast {
  template <class From>
  TENON_HD_MEMBER To operator()(From a) const {
    return static_cast<To>(a);
  }
};
template <>
struct Cast<int64_t> {
  template <class From>
  TENON_HD_MEMBER int64_t operator()(From a) const {
    return num::to_int64(a);
  }
};
template <>
struct Cast<Bool> {
  template <class From>
  TENON_HD_MEMBER Bool operator()(From a) const {
    return {a != From(0)};
  }
};

/// One element of the SGD step; docs/numerics.md section 4. `keep` is 1 - dampening.
template <class T>
struct Sgd {
  T lr, decay, momentum, keep;
  bool nesterov, maximize, first_step;

  TENON_HD_MEMBER T direction(T p, T g) const {
    const T d = maximize ? -g : g;
    return decay != T(0) ? num::fma(decay, p, d) : d;
  }
  TENON_HD_MEMBER void operator()(T& p, T g) const { p = num::fma(-lr, direction(p, g), p); }
  TENON_HD_MEMBER void operator()(T& p, T g, T& buffer) const {
    const T d = direction(p, g);
    const T m = first_step ? d : num::fma(momentum, buffer, keep * d);
    buffer = m;
    p = num::fma(-lr, nesterov ? num::fma(momentum, m, d) : m, p);
  }
};

}  // namespace tenon::kernels
