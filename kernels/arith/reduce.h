// Reductions in order R (docs/numerics.md section 3), one type per reduction. V is an element or, on the CPU,
// a vector of elements; Math has the functions of V that are not operators.
//
// `into` adds an element to a partial result. Partial results are combined by a reduction of one operand,
// Combine, which also defines how they start and end:
//   identity<T>()        changes no partial result, so it also fills lanes that have no element
//   into<Math>(acc, a)   combines two partial results; their order must not change the bits
//   finish(v)            turns the last partial result into the result
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

/// The type of a sum of elements T. Integers and booleans are summed modulo 2^64, in which any order is
/// exact.
template <class T>
struct SummedIn {
  using type = uint64_t;
};
template <Floating T>
struct SummedIn<T> {
  using type = T;
};

/// Sum of a. finish() adds +0, so that a sum is never -0 and the identity +0 changes no result.
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

/// The common part of sums over two operands.
struct SumOfPairs {
  static constexpr int operands = 2;
  using Combine = Sum;
  template <class T>
  using Accumulator = T;
  template <class T>
  static constexpr bool takes = Floating<T>;
};
/// Sum of a b.
struct SumOfProducts : SumOfPairs {
  static constexpr const char* name = "product";
  template <class Math, class V>
  TENON_HOST_DEVICE_MEMBER static V into(V acc, V a, V b) {
    return Math::fma(a, b, acc);
  }
};
/// Sum of (a - b)^2.
struct SumOfSquaredDifferences : SumOfPairs {
  static constexpr const char* name = "squared_difference";
  template <class Math, class V>
  TENON_HOST_DEVICE_MEMBER static V into(V acc, V a, V b) {
    const V d = a - b;
    return Math::fma(d, d, acc);
  }
};
/// Sum of |a - b|.
struct SumOfAbsoluteDifferences : SumOfPairs {
  static constexpr const char* name = "absolute_difference";
  template <class Math, class V>
  TENON_HOST_DEVICE_MEMBER static V into(V acc, V a, V b) {
    return acc + Math::abs(a - b);
  }
};

/// The largest element, or NaN if any element is NaN. +0 is larger than -0.
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

/// The initial partial result of Op.
template <class Op, class T>
inline constexpr T identity = Op::Combine::template identity<T>();
/// Adds one element of each operand to a partial result; a reduction of one operand ignores b.
template <class Op, class Math, class V>
TENON_HOST_DEVICE V into(V acc, V a, [[maybe_unused]] V b) {
  if constexpr (Op::operands == 1) return Op::template into<Math>(acc, a);
  else return Op::template into<Math>(acc, a, b);
}
/// Combines two partial results of Op.
template <class Op, class Math, class V>
TENON_HOST_DEVICE V combine(V a, V b) {
  return Op::Combine::template into<Math>(a, b);
}
/// Op's result from its last partial result.
template <class Op, class T>
TENON_HOST_DEVICE T finish(T last) {
  return Op::Combine::finish(last);
}

}  // namespace tenon::arith
