// Elementwise operations of one operand.
#pragma once
#include <tenon/kernels/arith/activation.h>

namespace tenon::arith {

struct Neg : Elementwise {
  static constexpr const char* name = "neg";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return -a;
  }
  TENON_HOST_DEVICE_MEMBER int64_t operator()(int64_t a) const { return wrap(-bare(a)); }
};
struct Abs : Elementwise {
  static constexpr const char* name = "abs";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return num::abs(a);
  }
  TENON_HOST_DEVICE_MEMBER int64_t operator()(int64_t a) const { return num::abs(a); }
};
struct Sqrt : Elementwise {
  static constexpr const char* name = "sqrt";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return num::sqrt(a);
  }
};
struct Exp : Elementwise {
  static constexpr const char* name = "exp";
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return num::exp(a);
  }
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER static bool is_usual(T a) {
    return num::is_usual_exp(a);
  }
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER static T usual(T a) {
    return num::usual_exp(a);
  }
};
struct Log : Elementwise {
  static constexpr const char* name = "log";
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return num::log(a);
  }
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER static bool is_usual(T a) {
    return num::is_usual_log(a);
  }
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER static T usual(T a) {
    return num::usual_log(a);
  }
};
struct Sin : Elementwise {
  static constexpr const char* name = "sin";
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return num::sin(a);
  }
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER static bool is_usual(T a) {
    return num::is_near(a);
  }
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER static T usual(T a) {
    return num::flip_sign(num::sin_near(a, 0), a);
  }
};
struct Cos : Elementwise {
  static constexpr const char* name = "cos";
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return num::cos(a);
  }
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER static bool is_usual(T a) {
    return num::is_near(a);
  }
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER static T usual(T a) {
    return num::sin_near(a, 1);
  }
};
struct Tanh : Elementwise {
  static constexpr const char* name = "tanh";
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return num::tanh(a);
  }
};
struct Sigmoid : Elementwise {
  static constexpr const char* name = "sigmoid";
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return num::sigmoid(a);
  }
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER static bool is_usual(T a) {
    return num::is_usual_exp(a);
  }
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER static T usual(T a) {
    return num::usual_sigmoid(a);
  }
};
struct Relu : Elementwise {
  static constexpr const char* name = "relu";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return num::relu(a);
  }
};
/// -1, 0 or 1; NaN stays NaN
struct Sign : Elementwise {
  static constexpr const char* name = "sign";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return num::sign(a);
  }
};
struct Square : Elementwise {
  static constexpr const char* name = "square";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return a * a;
  }
};
struct Cube : Elementwise {
  static constexpr const char* name = "cube";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return (a * a) * a;
  }
};
struct Reciprocal : Elementwise {
  static constexpr const char* name = "reciprocal";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return T(1) / a;
  }
};
/// pow(a, 0.5): sqrt, except +0 at -0 and +infinity at -infinity
struct Root : Elementwise {
  static constexpr const char* name = "root";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return num::root(a);
  }
};
struct Clamp : Elementwise {
  static constexpr const char* name = "clamp";
  static constexpr int parameters = 2;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a, T low, T high) const {
    return num::clamp(a, low, high);
  }
  TENON_HOST_DEVICE_MEMBER int64_t operator()(int64_t a, int64_t low, int64_t high) const {
    return num::minimum(num::maximum(a, low), high);
  }
};
/// log(1 + a)
struct Log1p : Elementwise {
  static constexpr const char* name = "log1p";
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return num::log1p(a);
  }
};
/// exp(a) - 1
struct Expm1 : Elementwise {
  static constexpr const char* name = "expm1";
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return num::expm1(a);
  }
};
struct Log2 : Elementwise {
  static constexpr const char* name = "log2";
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return num::log2(a);
  }
};
struct Exp2 : Elementwise {
  static constexpr const char* name = "exp2";
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return num::exp2(a);
  }
};
struct Erf : Elementwise {
  static constexpr const char* name = "erf";
  static constexpr bool costly = true;
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return num::erf(a);
  }
};
/// 1 / sqrt(a)
struct Rsqrt : Elementwise {
  static constexpr const char* name = "rsqrt";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return T(1) / num::sqrt(a);
  }
};
struct Floor : Elementwise {
  static constexpr const char* name = "floor";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return num::floor(a);
  }
};
struct Ceil : Elementwise {
  static constexpr const char* name = "ceil";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return num::ceil(a);
  }
};
/// Ties go to the even neighbour.
struct Round : Elementwise {
  static constexpr const char* name = "round";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return num::round(a);
  }
};
struct Trunc : Elementwise {
  static constexpr const char* name = "trunc";
  template <Floating T>
  TENON_HOST_DEVICE_MEMBER T operator()(T a) const {
    return num::trunc(a);
  }
};

using UnaryOps = List<Neg, Abs, Sqrt, Exp, Log, Sin, Cos, Tanh, Sigmoid, Relu, Sign, Square, Cube, Reciprocal,
    Root, Clamp, Log1p, Expm1, Log2, Exp2, Erf, Rsqrt, Floor, Ceil, Round, Trunc, Gelu, GeluTanh, Silu,
    Softplus, LeakyRelu, Elu>;

}  // namespace tenon::arith
