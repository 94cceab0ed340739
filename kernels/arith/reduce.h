// Reductions in order R (docs/numerics.md section 3), one type each. A reduction says what its partial sums
// begin with, how an element goes into one, and how two are combined. V is an element, or a vector of them on
// the CPU; Math brings the functions of V that are not operators.
#pragma once
#include <tenon/kernels/arith/list.h>
#include <tenon/kernels/arith/math.h>
#include <tenon/kernels/arith/order.h>

namespace tenon::arith {

/// Functions of single elements.
struct ElementMath {
  template <class T>
  TENON_HOST_DEVICE_MEMBER static T fma(T a, T b, T c) {
    return num::fma(a, b, c);
  }
  template <class T>
  TENON_HOST_DEVICE_MEMBER static T abs(T a) {
    return num::abs(a);
  }
};

struct Sum;

/// Of reductions that add up.
struct Adding {
  using Upper = Sum;  // the reduction of the chunks' values
  template <class T>
  TENON_HOST_DEVICE_MEMBER static constexpr T identity() {
    return T(0);
  }
  template <class V>
  TENON_HOST_DEVICE_MEMBER static V combine(V a, V b) {
    return a + b;
  }
  /// The end of R. It turns a -0 into +0, which makes elements that are left out free: adding +0 for one of
  /// them could change no more than the sign of a zero.
  template <class T>
  TENON_HOST_DEVICE_MEMBER static T finish(T value) {
    return value + T(0);
  }
};

/// a
struct Sum : Adding {
  static constexpr const char* name = "sum";
  static constexpr int operands = 1;
  template <class Math, class V>
  TENON_HOST_DEVICE_MEMBER static V into(V acc, V a, V) {
    return acc + a;
  }
};
/// a b
struct SumOfProducts : Adding {
  static constexpr const char* name = "product";
  static constexpr int operands = 2;
  template <class Math, class V>
  TENON_HOST_DEVICE_MEMBER static V into(V acc, V a, V b) {
    return Math::fma(a, b, acc);
  }
};
/// (a - b)^2
struct SumOfSquaredDifferences : Adding {
  static constexpr const char* name = "squared_difference";
  static constexpr int operands = 2;
  template <class Math, class V>
  TENON_HOST_DEVICE_MEMBER static V into(V acc, V a, V b) {
    const V d = a - b;
    return Math::fma(d, d, acc);
  }
};
/// |a - b|
struct SumOfAbsoluteDifferences : Adding {
  static constexpr const char* name = "absolute_difference";
  static constexpr int operands = 2;
  template <class Math, class V>
  TENON_HOST_DEVICE_MEMBER static V into(V acc, V a, V b) {
    return acc + Math::abs(a - b);
  }
};

using ReduceOps = List<Sum, SumOfProducts, SumOfSquaredDifferences, SumOfAbsoluteDifferences>;
using ReduceOp = OneOf<ReduceOps>;

}  // namespace tenon::arith
