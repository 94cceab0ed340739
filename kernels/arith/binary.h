// Elementwise operations of two and three operands.
#pragma once
#include <tenon/kernels/arith/activation.h>
#include <tenon/kernels/arith/loss.h>

namespace tenon::arith {

struct Add : Elementwise {
  static constexpr const char* name = "add";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a, T b) const {
    return a + b;
  }
  TENON_HOST_DEVICE_MEMBER int64_t operator()(int64_t a, int64_t b) const { return wrap(bare(a) + bare(b)); }
};
struct Sub : Elementwise {
  static constexpr const char* name = "sub";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a, T b) const {
    return a - b;
  }
  TENON_HOST_DEVICE_MEMBER int64_t operator()(int64_t a, int64_t b) const { return wrap(bare(a) - bare(b)); }
};
struct Mul : Elementwise {
  static constexpr const char* name = "mul";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a, T b) const {
    return a * b;
  }
  TENON_HOST_DEVICE_MEMBER int64_t operator()(int64_t a, int64_t b) const { return wrap(bare(a) * bare(b)); }
};
struct Div : Elementwise {
  static constexpr const char* name = "div";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a, T b) const {
    return a / b;
  }
};
struct Maximum : Elementwise {
  static constexpr const char* name = "maximum";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a, T b) const {
    return num::maximum(a, b);
  }
  TENON_HOST_DEVICE_MEMBER int64_t operator()(int64_t a, int64_t b) const { return num::maximum(a, b); }
};
struct Minimum : Elementwise {
  static constexpr const char* name = "minimum";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a, T b) const {
    return num::minimum(a, b);
  }
  TENON_HOST_DEVICE_MEMBER int64_t operator()(int64_t a, int64_t b) const { return num::minimum(a, b); }
};
/// C's pow; docs/numerics.md
struct Pow : Elementwise {
  static constexpr const char* name = "pow";
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a, T b) const {
    return num::pow(a, b);
  }
};
/// (a - b)^2
struct SquaredDifference : Elementwise {
  static constexpr const char* name = "squared_difference";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a, T b) const {
    return (a - b) * (a - b);
  }
};
/// |a - b|
struct AbsoluteDifference : Elementwise {
  static constexpr const char* name = "absolute_difference";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a, T b) const {
    return num::abs(a - b);
  }
};
/// sqrt(a^2 + b^2), without overflow on the way
struct Hypot : Elementwise {
  static constexpr const char* name = "hypot";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a, T b) const {
    return num::hypot(a, b);
  }
};
/// The angle of the point (b, a), with C's special cases
struct Atan2 : Elementwise {
  static constexpr const char* name = "atan2";
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a, T b) const {
    return num::atan2(a, b);
  }
};
/// C's fmod: the exact remainder, with the sign of a
struct Fmod : Elementwise {
  static constexpr const char* name = "fmod";
  static constexpr bool costly = true;
  static constexpr bool one_by_one = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a, T b) const {
    return num::fmod(a, b);
  }
};
/// The remainder with the sign of b
struct Remainder : Elementwise {
  static constexpr const char* name = "remainder";
  static constexpr bool costly = true;
  static constexpr bool one_by_one = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a, T b) const {
    const T r = num::fmod(a, b);
    return r != T(0) && (b < T(0)) != (r < T(0)) ? r + b : r;
  }
};

// Gradients; g is the upstream gradient.

/// b <= 0 ? +0 : g
struct ReluBackward : Elementwise {
  static constexpr const char* name = "relu_backward";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T g, T b) const {
    return b <= T(0) ? T(0) : g;
  }
};
/// g (1 - y^2), y = tanh(x)
struct TanhBackward : Elementwise {
  static constexpr const char* name = "tanh_backward";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T g, T y) const {
    return g * num::fma(-y, y, T(1));
  }
};
/// g ((1 - y) y), y = sigmoid(x)
struct SigmoidBackward : Elementwise {
  static constexpr const char* name = "sigmoid_backward";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T g, T y) const {
    return g * ((T(1) - y) * y);
  }
};
/// g sign(x)
struct AbsBackward : Elementwise {
  static constexpr const char* name = "abs_backward";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T g, T x) const {
    return g * num::sign(x);
  }
};
/// low <= x <= high ? g : +0
struct ClampBackward : Elementwise {
  static constexpr const char* name = "clamp_backward";
  static constexpr int parameters = 2;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T g, T x, T low, T high) const {
    return low <= x && x <= high ? g : T(0);
  }
};

using BinaryOps = List<Add, Sub, Mul, Div, Maximum, Minimum, Pow, SquaredDifference, AbsoluteDifference,
    ReluBackward, TanhBackward, SigmoidBackward, AbsBackward, ClampBackward, Hypot, Atan2, Fmod, Remainder,
    GeluBackward, GeluTanhBackward, SiluBackward, SoftplusBackward, LeakyReluBackward, EluBackward,
    HardtanhBackward, Huber, BinaryCrossEntropy, LogitsCrossEntropy>;

// ---- three operands

/// ((scale g) / count) (a - b): the gradient of the squared error, with scale 2 or -2 and the count of a mean
/// (1 for reduction none or sum)
struct ScaledDifference : Elementwise {
  static constexpr const char* name = "scaled_difference";
  static constexpr int parameters = 2;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T g, T a, T b, T scale, T count) const {
    return ((scale * g) / count) * (a - b);
  }
};
/// ((g scale) / count) sign(a - b): the gradient of the absolute error
struct ScaledSign : Elementwise {
  static constexpr const char* name = "scaled_sign";
  static constexpr int parameters = 2;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T g, T a, T b, T scale, T count) const {
    return ((g * scale) / count) * num::sign(a - b);
  }
};
/// a + w (b - a), from the nearer end
struct Lerp : Elementwise {
  static constexpr const char* name = "lerp";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a, T b, T w) const {
    const T d = b - a, near_a = num::fma(w, d, a), near_b = num::fma(w - T(1), d, b);
    return num::abs(w) < T(0.5) ? near_a : near_b;
  }
};
/// a + (value b) c
struct Addcmul : Elementwise {
  static constexpr const char* name = "addcmul";
  static constexpr int parameters = 1;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a, T b, T c, T value) const {
    return num::fma(value * b, c, a);
  }
};

using TernaryOps = List<ScaledDifference, ScaledSign, Lerp, Addcmul, HuberBackward,
    BinaryCrossEntropyBackward, LogitsCrossEntropyBackward>;

}  // namespace tenon::arith
