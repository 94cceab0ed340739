// Reductions in order R (docs/numerics.md section 3), one type each: what is added up. V is an element, or a
// vector of them on the CPU; Math brings the functions of V that are not operators. Sums begin at +0 and end
// with + 0, which makes padding with +0 harmless: all that it could change is the sign of a zero.
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

/// a
struct Sum {
  static constexpr const char* name = "sum";
  static constexpr int operands = 1;
  template <class Math, class V>
  TENON_HOST_DEVICE_MEMBER static V into(V acc, V a, V) {
    return acc + a;
  }
};
/// a b
struct SumOfProducts {
  static constexpr const char* name = "product";
  static constexpr int operands = 2;
  template <class Math, class V>
  TENON_HOST_DEVICE_MEMBER static V into(V acc, V a, V b) {
    return Math::fma(a, b, acc);
  }
};
/// (a - b)^2
struct SumOfSquaredDifferences {
  static constexpr const char* name = "squared_difference";
  static constexpr int operands = 2;
  template <class Math, class V>
  TENON_HOST_DEVICE_MEMBER static V into(V acc, V a, V b) {
    const V d = a - b;
    return Math::fma(d, d, acc);
  }
};
/// |a - b|
struct SumOfAbsoluteDifferences {
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
