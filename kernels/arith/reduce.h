// Reductions in order R (docs/numerics.md section 3), one type each. V is an element, or a vector of them on
// the CPU; Math has the functions of V that are not operators.
//
// `into` takes an element into a partial result. Partial results are combined by a reduction of one operand,
// Combine, which also says what a partial result begins with and how the last one ends:
//   identity<T>()        changes no partial result that it is combined with, so that it may fill up a vector
//   into<Math>(acc, a)   combines two partial results, in either order to the same bits
//   finish(v)            the result, given the last partial result
#pragma once
#include <tenon/kernels/arith/list.h>
#include <tenon/kernels/arith/math.h>
#include <tenon/kernels/arith/operation.h>
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
  template <class T>
  TENON_HOST_DEVICE_MEMBER static T largest(T a, T b) {
    return num::largest(a, b);
  }
};

/// What elements T are summed in: integers and booleans modulo 2^64, which no order changes.
template <class T>
struct SummedIn {
  using type = uint64_t;
};
template <Floating T>
struct SummedIn<T> {
  using type = T;
};

/// a. It begins and ends with +0; all that the identity could change is the sign of a zero.
struct Sum {
  static constexpr const char* name = "sum";
  static constexpr int operands = 1;
  using Combine = Sum;
  template <class T>
  using Accumulator = typename SummedIn<T>::type;
  template <class T>
  static constexpr bool takes = true;

  template <class T>
  TENON_HOST_DEVICE_MEMBER static constexpr T identity() {
    return T(0);
  }
  template <class Math, class V>
  TENON_HOST_DEVICE_MEMBER static V into(V acc, V a) {
    return acc + a;
  }
  template <class T>
  TENON_HOST_DEVICE_MEMBER static T finish(T sum) {
    return sum + T(0);
  }
};

/// What sums of two operands have in common.
struct SumOfPairs {
  static constexpr int operands = 2;
  using Combine = Sum;
  template <class T>
  using Accumulator = T;
  template <class T>
  static constexpr bool takes = Floating<T>;
};
/// a b
struct SumOfProducts : SumOfPairs {
  static constexpr const char* name = "product";
  template <class Math, class V>
  TENON_HOST_DEVICE_MEMBER static V into(V acc, V a, V b) {
    return Math::fma(a, b, acc);
  }
};
/// (a - b)^2
struct SumOfSquaredDifferences : SumOfPairs {
  static constexpr const char* name = "squared_difference";
  template <class Math, class V>
  TENON_HOST_DEVICE_MEMBER static V into(V acc, V a, V b) {
    const V d = a - b;
    return Math::fma(d, d, acc);
  }
};
/// |a - b|
struct SumOfAbsoluteDifferences : SumOfPairs {
  static constexpr const char* name = "absolute_difference";
  template <class Math, class V>
  TENON_HOST_DEVICE_MEMBER static V into(V acc, V a, V b) {
    return acc + Math::abs(a - b);
  }
};

/// The largest element; NaN if there is one. +0 is larger than -0.
struct Amax {
  static constexpr const char* name = "amax";
  static constexpr int operands = 1;
  using Combine = Amax;
  template <class T>
  using Accumulator = T;
  template <class T>
  static constexpr bool takes = Floating<T> || is_same<T, int64_t>;

  template <class T>
  TENON_HOST_DEVICE_MEMBER static constexpr T identity() {
    if constexpr (Floating<T>) return -__builtin_inf();
    else return INT64_MIN;
  }
  template <class Math, class V>
  TENON_HOST_DEVICE_MEMBER static V into(V acc, V a) {
    return Math::largest(acc, a);
  }
  template <class T>
  TENON_HOST_DEVICE_MEMBER static T finish(T largest) {
    return largest;
  }
};

using ReduceOps = List<Sum, SumOfProducts, SumOfSquaredDifferences, SumOfAbsoluteDifferences, Amax>;
using ReduceOp = OneOf<ReduceOps>;

/// What Op's partial results begin with.
template <class Op, class T>
inline constexpr T identity = Op::Combine::template identity<T>();
/// Elements into a partial result; b is left alone by reductions of one operand.
template <class Op, class Math, class V>
TENON_HOST_DEVICE V into(V acc, V a, [[maybe_unused]] V b) {
  if constexpr (Op::operands == 1) return Op::template into<Math>(acc, a);
  else return Op::template into<Math>(acc, a, b);
}
/// Two of Op's partial results.
template <class Op, class Math, class V>
TENON_HOST_DEVICE V combine(V a, V b) {
  return Op::Combine::template into<Math>(a, b);
}
/// Op's result, given its last partial result.
template <class Op, class T>
TENON_HOST_DEVICE T finish(T last) {
  return Op::Combine::finish(last);
}

}  // namespace tenon::arith
